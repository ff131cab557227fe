import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from venvdash.system.process_identity import ProcessIdentity


def test_we_are_alive() -> None:
    me = ProcessIdentity.current()
    assert me.pid == os.getpid()
    assert me == ProcessIdentity.current()
    assert me.alive()


def test_what_ended_is_not_alive() -> None:
    code = (
        "from venvdash.system.process_identity import ProcessIdentity; "
        "o = ProcessIdentity.current(); print(o.boot, o.started)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        boot, started = child.stdout.read().split()
        owner = ProcessIdentity(ProcessIdentity.current().host, boot, child.pid, started)
        # Read to its end it may still run, or be a zombie; neither lasts.
        child.wait()
    assert not owner.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_stopped_process_is_alive_and_a_zombie_is_not() -> None:
    me = ProcessIdentity.current()
    child = os.fork()
    if child == 0:
        signal.pause()
    with open(f"/proc/{child}/stat") as file:
        owner = replace(me, pid=child, started=file.read().rsplit(")", 1)[1].split()[19])
    assert owner.alive()
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert not owner.alive()
    os.waitpid(child, 0)
    assert not owner.alive()


def test_another_process_of_the_same_number_is_another() -> None:
    me = ProcessIdentity.current()
    assert not replace(me, started="1").alive()
    assert not replace(me, boot="another").alive()
    assert replace(me, host="0" * 32, boot="another", started="1").alive()  # nobody can tell
