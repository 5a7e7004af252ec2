"""The pages of the guide, in both languages: their code is a site that is run."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[4] / "docs" / "guide"
PAGES = [DOCS / "bkoauth.md", DOCS / "zh" / "bkoauth.md"]

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import first_lines
import django
django.setup()
import bkoauth, tasks, views
import json, tokenward

class User:
    username, is_authenticated = "alice", True

class Request:
    user, session, GET, META = User, {}, {}, {"REMOTE_ADDR": "127.0.0.1"}
    COOKIES = {"bk_token": "bk_token-of-alice"}

print(json.dumps({
    "file": bkoauth.__file__,
    "answer": json.loads(views.whose(Request).content),
    "nightly": tasks.nightly("alice"),
}))
class Other(Request):
    user = type("Anonymous", (), {"username": "", "is_authenticated": False})
print(views.whose(Other).status_code)
from django.test import override_settings
with override_settings(OAUTH_API_URL="http://127.0.0.1:9", TOKENWARD_BKOAUTH_PROFILE="elsewhere"):
    print(views.whose(Request).status_code)
"""


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_code_of_the_page_is_a_site_that_works(site, page, tmp_path):
    import json

    pytest.importorskip("requests")
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names = [re.match(r"# (\w+\.py)\n", block) for block in blocks]
    files = {(name.group(1) if name else "first_lines.py"): block for name, block in zip(names, blocks)}
    assert sorted(files) == ["first_lines.py", "tasks.py", "views.py"]
    for name, block in files.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    gateway = site.sandbox.settings["TOKENWARD_OPEN_URL"].rstrip("/") + "/app"
    told, anonymous, failed = site.run(RUN, str(tmp_path), SITE_GATEWAY=gateway).stdout.splitlines()
    told = json.loads(told)
    assert "tokenward" in told["file"] and told["answer"]["data"]["user"]["username"] == "alice"
    assert [site.whose(token) for token in told["nightly"]] == ["alice", "~app"]
    assert (anonymous, failed) == ("401", "503")


def test_both_languages_say_the_same(site):
    """Settings and links are the same in both; the comparison is one run."""
    english, chinese = (page.read_text(encoding="utf-8") for page in PAGES)
    # A setting that the page names is one that is read, and the other way round.
    from bkoauth import django_conf

    source = Path(django_conf.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"TOKENWARD_BKOAUTH_\w+", source)) == set(re.findall(r"TOKENWARD_BKOAUTH_\w+", english))
    for pattern in (r"TOKENWARD_\w+", r"TW\d{4}", r"OAUTH_\w+"):
        assert set(re.findall(pattern, english)) == set(re.findall(pattern, chinese))
    between = re.compile(r"<!-- compare: begin -->\n(.*?)<!-- compare: end -->", re.DOTALL)
    assert between.search(english).group(1) == between.search(chinese).group(1) != ""
