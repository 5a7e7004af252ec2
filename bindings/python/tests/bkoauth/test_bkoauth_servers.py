"""Under servers that fork, or that run greenlets."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("gunicorn")


class Gunicorn:
    def __init__(self, site, *options):
        self.port, self.open = site.stand.free_port(), site.stand._opener.open
        words = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", "4", *options, "bk_wsgi:application"]
        environment = {**os.environ, "PYTHONPATH": str(site.folder)}
        self.process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.ready()

    def ready(self):
        end = time.monotonic() + 60
        while True:
            try:
                with self.open(f"http://127.0.0.1:{self.port}/admin/login/", timeout=20):
                    return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, "gunicorn does not answer"
                time.sleep(0.1)

    def whose(self, user):
        headers = {"X-User": user, "Cookie": f"bk_token=bk_token-of-{user}"}
        call = urllib.request.Request(f"http://127.0.0.1:{self.port}/whose/", headers=headers)
        with self.open(call, timeout=60) as answer:
            return json.loads(answer.read())

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.mark.parametrize("options", [(), ("--preload",), ("-k", "gthread", "--threads", "4"), ("-k", "gevent")], ids=" ".join)
def test_all_workers_share_one_exchange(site, options):
    if "gevent" in options:
        pytest.importorskip("gevent")
    server = Gunicorn(site, *options)
    try:
        site.sandbox.control("faults", {"kind": {"name": "delay", "milliseconds": 300}, "times": 2})
        said, end = [], time.monotonic() + 60
        with ThreadPoolExecutor(24) as pool:
            # The worker that is up first may answer all of them while the others still load the site.
            while len({one["process"] for one in said}) < 2 and time.monotonic() < end:
                said += pool.map(server.whose, ["alice", "xiaoming"] * 24)
    finally:
        server.end()
    assert len({one["process"] for one in said}) > 1
    assert {(one["user"], site.whose(one["token"])) for one in said} == {("alice", "alice"), ("xiaoming", "xiaoming")}
    assert site.counters()["cookie_grants"] == 2
    assert sorted(row.user_id for row in site.rows()) == ["alice", "xiaoming"]
    assert site.sandbox.control("check")["clean"]
