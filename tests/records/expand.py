#!/usr/bin/env python3
"""Expands a JSON-LD document with a stock library (PyLD, Debian's python3-pyld) and nothing from the network.

Reads the document from standard input and prints, as JSON, every IRI that it uses as a property, a type or an @id value.
Fails when the library finds an error, and when a key of the document is lost: a term that the context does not know would
silently vanish.
"""
import json
import sys

from pyld import jsonld


def refuse(url, options=None):
    raise SystemExit(f"the document wants {url} from the network")


def keys(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if not key.startswith("@"):
                yield key
            if key != "@context":
                yield from keys(value)
    elif isinstance(node, list):
        for item in node:
            yield from keys(item)


def walk(node, found):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "@type":
                found["types"].update([value] if isinstance(value, str) else value)
            elif key == "@id":
                found["ids"].add(value)
            elif not key.startswith("@"):
                found["properties"].add(key)
            walk(value, found)
    elif isinstance(node, list):
        for item in node:
            walk(item, found)


jsonld.set_document_loader(refuse)
document = json.load(sys.stdin)
expanded = jsonld.expand(document, {"base": ""})
found = {"properties": set(), "types": set(), "ids": set()}
walk(expanded, found)
context = document["@context"]
for key in set(keys({k: v for k, v in document.items() if k != "@context"})):
    prefix, _, name = key.partition(":")
    if context.get(prefix, "") + name not in found["properties"]:
        raise SystemExit(f"{key} was lost in the expansion")

# As RDF: what is no valid IRI or literal would be dropped without a word.
quads = jsonld.to_rdf(document, {"format": "application/n-quads"})
print(json.dumps({**{k: sorted(v) for k, v in found.items()}, "quads": len(quads.splitlines())}))
