#!/usr/bin/python3
"""A DNS forwarder of a few lines, which does one thing wrong with every tenth question.

What it does stands in FORWARDER_DOES: nothing, changes-record, refuses, loses, other-port, dies.
Answers come from the address that was asked.
"""

import json
import os
import select
import socket
import struct

DOES = os.environ["FORWARDER_DOES"]
with open(os.environ["NGNLAB_CONFIG"]) as file:
    dns = json.load(file)["dns"]
TABLE = [(row["name"].lower(), row["servers"][0]) for row in dns["domains"]]
TABLE.sort(key=lambda row: -len(row[0]))


def name_of(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace").lower())
        at += 1 + message[at]
    return ".".join(labels)


def server_for(name):
    for domain, server in TABLE:
        if name == domain or name.endswith("." + domain):
            return server
    return dns["default"][0]


def open_socket(port):
    opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    opened.bind(("::", port))
    return opened


lan, other, wan = open_socket(53), open_socket(5353), open_socket(0)
waiting = {}
answered = 0
open(os.environ["NGNLAB_RUN_DIR"] + "/ready", "w").close()
while True:
    ready, _, _ = select.select([lan, wan], [], [])
    if lan in ready:
        question, control, _, peer = lan.recvmsg(4096, 256)
        info = next(data for level, kind, data in control if kind == socket.IPV6_PKTINFO)
        key = struct.unpack("!H", question[:2])[0], question[12:].lower()
        waiting[key] = peer, info
        wan.sendto(question, (server_for(name_of(question)), 53))
    if wan in ready:
        answer = bytearray(wan.recv(4096))
        end = 12 + len(name_of(answer)) + 2 + 4
        key = struct.unpack("!H", answer[:2])[0], bytes(answer[12:end]).lower()
        if key not in waiting:
            continue
        peer, info = waiting.pop(key)
        answered += 1
        out = lan
        if answered % 10 == 0:
            if DOES == "changes-record":
                answer[-1] ^= 1
            elif DOES == "refuses":
                answer = answer[:2] + b"\x81\x85" + answer[4:6] + bytes(6) + answer[12:end]
            elif DOES == "loses":
                continue
            elif DOES == "other-port":
                out = other
        if DOES == "dies" and answered > 500:
            raise SystemExit("the forwarder has had enough")
        # The interface is that of the question.
        control = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)]
        out.sendmsg([bytes(answer)], control, 0, peer)
