"""The table on the databases that sites have: every test of it once more, on a PostgreSQL and on a MariaDB of its own.

Run by ``bindings/python/test --with-databases`` alone: both servers have to be installed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import django
import pytest

HERE = Path(__file__).resolve().parent
TESTS = ["test_bkoauth_table.py", "test_bkoauth_rows.py", "test_bkoauth_tokens.py"]

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TOKENWARD_TEST_DATABASES"), reason="runs with --with-databases"),
    pytest.mark.skipif(django.VERSION < (4, 2), reason="needs a Django that knows psycopg 3"),
]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_table_on_a_server(kind, site):
    from databases import KINDS

    server = KINDS[kind](site.stand.free_port())
    try:
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("SITE_", "PYTEST_", "TOKENWARD_HOME"))}
        variables["SITE_SERVER"] = json.dumps(server.settings)
        # One after the other: they share the table.
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS]
        done = subprocess.run(words, cwd=HERE, env=variables, capture_output=True, text=True, timeout=900)
        print(done.stdout[-6000:], done.stderr[-2000:])
        assert done.returncode == 0
    finally:
        server.end()
