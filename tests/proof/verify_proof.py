#!/usr/bin/env python3
"""Checks IvrConsent's proofs without IvrConsent: Python's standard library, and the openssl command for the signature.

  verify_proof.py FILE --public-key PEM     a proof of `ledger prove` or of `ledger checkpoint --since`
  verify_proof.py --self-test               the published vectors of RFC 6962 trees, and proofs of our own making

Written from RFC 6962 and RFC 9162 (section 2.1) and C2SP's signed-note and tlog-checkpoint, not from IvrConsent's code. Exit code 0:
it holds; 1: it does not; 2: it could not be checked.
"""
import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile


class Wrong(Exception):
    pass


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(hashes):
    """MTH of RFC 6962 2.1, by its definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(root(hashes[:k]), root(hashes[k:]))


def path(m, hashes):
    """PATH of RFC 6962 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return path(m, hashes[:k]) + [root(hashes[k:])]
    return path(m - k, hashes[k:]) + [root(hashes[:k])]


def subproof(m, hashes, whole):
    """SUBPROOF of RFC 6962 2.1.2."""
    n = len(hashes)
    if m == n:
        return [] if whole else [root(hashes)]
    k = split(n)
    if m <= k:
        return subproof(m, hashes[:k], whole) + [root(hashes[k:])]
    return subproof(m - k, hashes[k:], False) + [root(hashes[:k])]


def check_inclusion(leaf, index, size, proof, head):
    """RFC 9162 2.1.3.2."""
    if not 0 <= index < size:
        raise Wrong("the index is outside the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Wrong("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            if not fn & 1:
                while fn and not fn & 1:
                    fn >>= 1
                    sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    if sn != 0 or r != head:
        raise Wrong("the event does not lead to the checkpoint's root")


def check_consistency(first, second, first_head, second_head, proof):
    """RFC 9162 2.1.4.2."""
    if not 0 < first <= second:
        raise Wrong("the older checkpoint is not the smaller one")
    if first == second:
        if proof or first_head != second_head:
            raise Wrong("two checkpoints of one size differ")
        return
    proof = list(proof)
    if first & (first - 1) == 0:
        proof.insert(0, first_head)
    if not proof:
        raise Wrong("the proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            raise Wrong("the proof is too long")
        if fn & 1 or fn == sn:
            fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            if not fn & 1:
                while fn and not fn & 1:
                    fn >>= 1
                    sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    if sn != 0 or fr != first_head or sr != second_head:
        raise Wrong("the newer checkpoint does not continue the older one")


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)


def open_note(note, public_key):
    """A C2SP signed note with a signature of type 0x02 (ECDSA): origin, size and root of the checkpoint in it."""
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not separator or len(lines) != 4:
        raise Wrong("that is no checkpoint")
    spki = openssl("pkey", "-pubin", "-in", public_key, "-outform", "DER")
    if spki.returncode:
        print("verify_proof: openssl cannot read the public key", file=sys.stderr)
        sys.exit(2)
    key_id = hashlib.sha256(spki.stdout).digest()[:4]
    checked = False
    for line in signatures.splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[0] != "\u2014":
            raise Wrong("a signature line is none")
        signature = base64.b64decode(words[2], validate=True)
        if words[1] != lines[0] or signature[:4] != key_id:
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "signature")
            with open(file, "wb") as out:
                out.write(signature[4:])
            done = openssl("dgst", "-sha256", "-verify", public_key, "-signature", file, data=text.encode())
        if done.returncode:
            raise Wrong("the checkpoint's signature is wrong")
        checked = True
    if not checked:
        raise Wrong("the checkpoint is not signed by this key")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


def hashes(texts):
    return [base64.b64decode(text, validate=True) for text in texts]


def check(bundle, public_key):
    if bundle.get("format") == "ivrconsent-proof-v1":
        _, size, head = open_note(bundle["checkpoint"], public_key)
        leaf = bundle["leaf"].encode()
        if not leaf.startswith(b"ivrconsent-event-v1\n"):
            raise Wrong("the leaf is no event")
        check_inclusion(leaf_hash(leaf), bundle["index"], size, hashes(bundle["inclusion"]), head)
        return f"the event stands at position {bundle['index'] + 1} of {size}"
    if bundle.get("format") == "ivrconsent-consistency-v1":
        old_origin, old, old_head = open_note(bundle["old"], public_key)
        new_origin, new, new_head = open_note(bundle["new"], public_key)
        if old_origin != new_origin:
            raise Wrong("the checkpoints are of two ledgers")
        check_consistency(old, new, old_head, new_head, hashes(bundle["consistency"]))
        return f"the ledger of {new} events begins with the {old} of the older checkpoint"
    raise Wrong("the format is unknown")


VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = """
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()


def self_test():
    hashes = [leaf_hash(bytes.fromhex(v)) for v in VECTORS]
    for size, expected in enumerate(ROOTS):
        assert root(hashes[:size]).hex() == expected, size
    many = [leaf_hash(bytes([n])) for n in range(33)]
    for size in range(1, 34):
        tree = many[:size]
        for index in range(size):
            check_inclusion(tree[index], index, size, path(index, tree), root(tree))
            for other in range(size):
                if other != index:
                    try:
                        check_inclusion(tree[index], other, size, path(index, tree), root(tree))
                    except Wrong:
                        continue
                    raise AssertionError("a proof holds for another place")
        for old in range(1, size + 1):
            proof = subproof(old, tree, True)
            check_consistency(old, size, root(tree[:old]), root(tree), proof)
            if old != size:
                try:
                    check_consistency(old, size, root(tree[1:old + 1]), root(tree), proof)
                except Wrong:
                    continue
                raise AssertionError("a proof holds for another tree")
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--public-key")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test()
        return 0
    if not arguments.file or not arguments.public_key:
        parser.error("a file and --public-key are needed")
    try:
        with open(arguments.file, encoding="utf-8") as source:
            bundle = json.load(source)
        print("it holds:", check(bundle, arguments.public_key))
        return 0
    except OSError as error:
        print(f"verify_proof: {error}", file=sys.stderr)
        return 2
    except (Wrong, KeyError, TypeError, ValueError, AttributeError) as error:
        print(f"it does not hold: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
