# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts Synapses without loading their code anew each time.

Usage: launcher.py SOCKET. Loads Synapse once, then listens on SOCKET. A connection is one line:

    start FOLDER   A copy of this process becomes a Synapse with the configuration of FOLDER. The
                   answer is its process id in a line; the connection stays open as long as it
                   lives. A line on it ends it in order; when the other end is closed, it ends at
                   once, and its folder is deleted.
    kill PID       Ends a Synapse of ours at once. The connection is closed when it is gone.

Ends when standard input is closed. Twisted's reactor must not be made before a process is copied;
Synapse brings a stand-in for it, which it uses for the same in its own tests.
"""

import os
import select
import shutil
import signal
import socket
import sys
import threading
import traceback

try:
    from synapse.app.complement_fork_proxied_reactor import ProxiedReactor
except ImportError:  # where older versions have it
    from synapse.app.complement_fork_starter import ProxiedReactor
from twisted.internet.main import installReactor

STAND_IN = ProxiedReactor()
installReactor(STAND_IN)

from synapse.app.homeserver import main  # noqa: E402


def become_synapse(link, folder):
    os.chdir(folder)
    console = os.open("console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, console), (2, console)):
        os.dup2(file, stream)

    def watch():
        if link.recv(64):
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    sys.argv = ["synapse", "-c", "homeserver.yaml"]
    from twisted.internet.epollreactor import EPollReactor

    STAND_IN._install_real_reactor(EPollReactor())
    main()


def start(listener, link, folder):
    child = os.fork()
    if child:
        link.sendall(b"%d\n" % child)
        return child
    code = 0
    try:
        listener.close()
        become_synapse(link, folder)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        code = 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    children = set()
    while True:
        ready, _, _ = select.select([listener, 0], [], [], 1)
        if 0 in ready:
            return
        while children:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if not ended:
                break
            children.discard(ended)
        if listener not in ready:
            continue
        link, _ = listener.accept()
        with link, link.makefile() as lines:
            word, _, rest = lines.readline().rstrip("\n").partition(" ")
            if word == "start":
                children.add(start(listener, link, rest))
            elif word == "kill" and int(rest) in children:
                os.kill(int(rest), signal.SIGKILL)
                os.waitpid(int(rest), 0)
                children.discard(int(rest))


try:
    serve(sys.argv[1])
finally:
    if os.path.exists(sys.argv[1]):
        shutil.rmtree(os.path.dirname(sys.argv[1]), ignore_errors=True)
