#!/usr/bin/env python3
"""Turns what run.sh collected into figures. Standard library only.

    evaluate.py report --run DIR …   prints the results and writes them as JSON; exit code 1 when a call failed
"""
import argparse
import csv
import datetime
import json
import math
import os
import pathlib
import platform
import struct
import sys
import time

# What the project sets itself, at 20 calls a second. Reported, not enforced: the exit code is for calls that went wrong.
TARGETS = {
    "worker_ms_per_call": 2.0,
    "key_to_recording_p99_ms": 15.0,
    "arrival_to_prompt_p99_ms": 15.0,
    "failed_calls": 0,
}
# Of a call of 8 s, the key goes down after two and comes up a second later: about five are left to record.
# MixMonitor writes a little less: nothing while nothing is sent.
LEAST_RECORDED, MOST_RECORDED = 4.0, 5.5


def percentile(values, share):
    """Nearest rank: a value that was really measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] if ordered else None


def rounded(value, digits=1):
    return None if value is None else round(value, digits)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def milliseconds(later, earlier):
    return (moment(later) - moment(earlier)).total_seconds() * 1000


def wav_seconds(path):
    """Length of the sound by the bytes that are really in the file."""
    data = path.read_bytes()
    at, rate = 12, 0
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            rate = struct.unpack_from("<I", data, at + 16)[0]
        elif name == b"data":
            return (len(data) - at - 8) / rate if rate else 0.0
        at += 8 + size + (size & 1)
    return 0.0


def settings(path):
    lines = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key: value.strip() for key, value in lines}


def sipp(run, side):
    """What the caller saw: failed calls, and the times from INVITE to answer."""
    with open(run / f"{side}.stat.csv", newline="") as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    with open(run / f"{side}.rtt.csv", newline="") as file:
        answers = [float(row["response_time_ms"]) for row in csv.DictReader(file, delimiter=";")]
    return int(last["FailedCall(C)"]), int(last["SuccessfulCall(C)"]), answers


def dialplan_failures(run, monitor, wanted):
    """Calls of the dialplan alone that have no recording of the right length."""
    good = [path for path in monitor.glob("baseline-*.wav") if LEAST_RECORDED <= wav_seconds(path) <= MOST_RECORDED]
    return max(0, wanted - len(good))


class Ledger:
    """The measured calls of one run, judged one by one."""

    def __init__(self, path, recordings):
        self.recordings = recordings
        self.calls = {}
        # Warm-up calls come from another number.
        for line in json.loads(path.read_text()):
            if (line["caller_number"] or "").endswith("111"):
                self.calls.setdefault(line["call_id"], []).append(line)
        self.key_to_recording, self.arrival_to_prompt, self.recorded, self.problems = [], [], [], []
        for call, lines in self.calls.items():
            problem = self.judge(sorted(lines, key=lambda line: line["sequence"]))
            if problem:
                self.problems.append(f"{call}: {problem}")

    def judge(self, lines):
        """The reason why a call is not right, or None; its times are noted where there are any."""
        facts = {}
        for line in lines:
            facts.setdefault(line["event"]["type"], []).append(line)
        for name in ("CallArrived", "NoticePlayed", "ConsentGiven", "RecordingStarted", "CallContinued", "RecordingStopped", "CallEnded"):
            if len(facts.get(name, [])) != 1:
                return f"{len(facts.get(name, []))} {name}"
        for name in ("NoticeFailed", "ConsentRefused", "ConsentNotObtained", "RecordingFailed", "RecordingSuppressed", "RecordingErased"):
            if name in facts:
                return name
        fact = {name: found[0]["event"] for name, found in facts.items()}
        start, end = fact["RecordingStarted"], fact["CallEnded"]
        self.arrival_to_prompt.append(milliseconds(fact["NoticePlayed"]["started_at"], lines[0]["arrived_at"]))
        self.key_to_recording.append(milliseconds(start["started_at"], fact["ConsentGiven"]["key_at"]))
        if (end["consent"], end["termination"], end["recorded"]) != ("Given", "Completed", True):
            return f"ended {end['consent']}, {end['termination']}, recorded {end['recorded']}"
        if facts["ConsentGiven"][0]["position"] > facts["RecordingStarted"][0]["position"]:
            return "recorded before the consent was in the ledger"
        file = self.recordings / f"{start['recording']}.{start['format']}"
        if not file.exists():
            return "no file"
        expected = end["duration_ms"] / 1000 - milliseconds(start["started_at"], lines[0]["arrived_at"]) / 1000
        length = wav_seconds(file)
        self.recorded.append(length)
        # By the clock of this very call, and by what the scenario makes of every call.
        if abs(length - expected) > 0.5 or not LEAST_RECORDED <= length <= MOST_RECORDED:
            return f"{length:.2f} s in the file, {expected:.2f} s expected"
        return None


def flush_times(folder):
    """How long this disk takes to make 4 KiB durable: every consent waits for at least one of these."""
    path, times = folder / "flush", []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return times


def machine():
    about = {"cores": os.cpu_count(), "kernel": f"{platform.system()} {platform.release()}"}
    for file, key, name in (("/proc/cpuinfo", "model name", "processor"), ("/proc/meminfo", "MemTotal", "memory")):
        for line in open(file, encoding="utf-8"):
            if line.startswith(key):
                about[name] = line.split(":", 1)[1].strip()
                break
    return about


def report(arguments):
    run, wanted = arguments.run, arguments.calls
    about, memory = settings(run / "about"), dict(line.split(":") for line in (run / "memory").read_text().splitlines())
    sides = {}
    for side in ("dialplan", "ivrconsent"):
        usage = settings(run / f"{side}.usage")
        failed, succeeded, answers = sipp(run, side)
        sides[side] = {
            "failed": max(failed, wanted - succeeded),
            "seconds": float(usage["seconds"]),
            "load": float(usage["load"]),
            "pbx": int(usage["pbx_ticks"]) * 1000 / arguments.ticks / wanted,
            "worker": int(usage["worker_ticks"]) * 1000 / arguments.ticks / wanted,
            "answers": answers,
        }
    floor = settings(run / "floor.usage")
    alone, ours = sides["dialplan"], sides["ivrconsent"]
    ledger = Ledger(run / "events.json", arguments.recordings)
    # A call that SIPp counts as failed usually has something wrong in the ledger too: it is one failed call.
    bad = len(ledger.problems) + max(0, wanted - len(ledger.calls))
    flushes = flush_times(run)
    results = {
        "total_ratio": rounded((ours["pbx"] + ours["worker"]) / alone["pbx"], 2),
        "worker_ms_per_call": rounded(ours["worker"], 2),
        "floor_ms_per_call": rounded(int(floor["worker_ticks"]) * 1000 / arguments.ticks / wanted, 2),
        "pbx_ms_per_call": rounded(ours["pbx"], 2),
        "dialplan_pbx_ms_per_call": rounded(alone["pbx"], 2),
        "key_to_recording_p50_ms": rounded(percentile(ledger.key_to_recording, 50)),
        "key_to_recording_p99_ms": rounded(percentile(ledger.key_to_recording, 99)),
        "key_to_recording_max_ms": rounded(max(ledger.key_to_recording, default=None)),
        "arrival_to_prompt_p50_ms": rounded(percentile(ledger.arrival_to_prompt, 50)),
        "arrival_to_prompt_p99_ms": rounded(percentile(ledger.arrival_to_prompt, 99)),
        "arrival_to_prompt_max_ms": rounded(max(ledger.arrival_to_prompt, default=None)),
        "invite_to_answer_p50_ms": rounded(percentile(ours["answers"], 50)),
        "invite_to_answer_p99_ms": rounded(percentile(ours["answers"], 99)),
        "dialplan_invite_to_answer_p50_ms": rounded(percentile(alone["answers"], 50)),
        "dialplan_invite_to_answer_p99_ms": rounded(percentile(alone["answers"], 99)),
        "worker_rss_mb": rounded(int(memory["VmRSS"].split()[0]) / 1024),
        "worker_rss_peak_mb": rounded(int(memory["VmHWM"].split()[0]) / 1024),
        "failed_calls": max(ours["failed"], bad),
        "dialplan_failed_calls": max(alone["failed"], dialplan_failures(run, arguments.monitor, wanted)),
        "worker_log_warnings": int(about.pop("warnings")),
        "recorded_p50_s": rounded(percentile(ledger.recorded, 50), 2),
        "calls": wanted,
        "calls_per_second": arguments.rate,
        "warm_up_calls": arguments.warm_up,
        "load_average": {side: values["load"] for side, values in sides.items()},
        "disk_flush_p50_ms": rounded(percentile(flushes, 50), 2),
        "disk_flush_p99_ms": rounded(percentile(flushes, 99), 2),
        "machine": machine(),
        "versions": about,
    }
    print_results(results)
    for problem in ledger.problems[:10]:
        print(f"  failed: {problem}")
    arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nAs JSON: {os.path.relpath(arguments.json)}")
    return 1 if results["failed_calls"] or results["dialplan_failed_calls"] else 0


def print_results(r):
    box, versions = r["machine"], r["versions"]

    def verdict(key):
        value = r[key]
        met = value is not None and value <= TARGETS[key]
        return f"target: at most {TARGETS[key]:g}, {'reached' if met else 'NOT reached'}"

    print(f"""
Machine    {box.get('processor', 'unknown')}, {box['cores']} cores, {box.get('memory', 'unknown')}, {box['kernel']}
           caller, PBX, worker and disk on this one machine; load average at the end of each part: dialplan {r['load_average']['dialplan']}, IvrConsent {r['load_average']['ivrconsent']}
           its disk makes 4 KiB durable in {r['disk_flush_p50_ms']} ms (p50), {r['disk_flush_p99_ms']} ms (p99)
Versions   {versions['asterisk']}, {versions['sipp']}, .NET {versions['dotnet']}, IvrConsent {versions['commit']}
Calls      {r['calls']} measured on each side, {r['calls_per_second']} a second, 8 s each, {r['recorded_p50_s']} s of it recorded (p50); {r['warm_up_calls']} of warm-up before, not measured

Processor time per call (user and system)         dialplan alone    IvrConsent
  PBX                                             {r['dialplan_pbx_ms_per_call']:8.2f} ms      {r['pbx_ms_per_call']:8.2f} ms
  worker                                                 -        {r['worker_ms_per_call']:8.2f} ms    {verdict('worker_ms_per_call')}
    the least, over the same ARI                         -        {r['floor_ms_per_call']:8.2f} ms    no worker in .NET can cost less
  all, IvrConsent to dialplan alone                                 {r['total_ratio']:.2f} times

Latency                                                   p50         p99         max
  key to recording started                        {r['key_to_recording_p50_ms']:8} ms {r['key_to_recording_p99_ms']:8} ms {r['key_to_recording_max_ms']:8} ms    {verdict('key_to_recording_p99_ms')}
  arrival to prompt started                       {r['arrival_to_prompt_p50_ms']:8} ms {r['arrival_to_prompt_p99_ms']:8} ms {r['arrival_to_prompt_max_ms']:8} ms    {verdict('arrival_to_prompt_p99_ms')}
  INVITE to answer, IvrConsent                    {r['invite_to_answer_p50_ms']:8} ms {r['invite_to_answer_p99_ms']:8} ms
  INVITE to answer, dialplan alone                {r['dialplan_invite_to_answer_p50_ms']:8} ms {r['dialplan_invite_to_answer_p99_ms']:8} ms

Worker memory  {r['worker_rss_mb']} MB resident after the calls, {r['worker_rss_peak_mb']} MB at most
Failed calls   {r['failed_calls']} of {r['calls']} (dialplan alone: {r['dialplan_failed_calls']}); {verdict('failed_calls')}; warnings and errors in the worker's log: {r['worker_log_warnings']}

What this is: the times of a latency are the PBX's own, of its events, in whole milliseconds, as the ledger has them. Key: the key's
end as the PBX reported it (ChannelDtmfReceived), to RecordingStarted; in between the consent was committed, synchronous=FULL.
Arrival: the call's StasisStart, to PlaybackStarted; the caller's answer comes in between. INVITE to answer is SIPp's own
measurement and holds what comes before the arrival: dialplan, offer and claim of the call.
What it is not: kernel work on behalf of nobody (network interrupts, writing to disk) is in no process's time. The caller sends keys
and no voice. The baseline writes a line to a log and proves nothing.""")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report")
    command.add_argument("--calls", type=int, required=True)
    command.add_argument("--rate", type=int, required=True)
    command.add_argument("--warm-up", type=int, required=True)
    command.add_argument("--ticks", type=int, required=True)
    for name in ("--run", "--recordings", "--monitor", "--json"):
        command.add_argument(name, type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    return report(arguments)


if __name__ == "__main__":
    sys.exit(main())
