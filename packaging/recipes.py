"""Runs what docs/guide/recipes.md shows, against the sandbox: `Recipes(executable, folder).run_all()`.

Shell is run as it stands, with programs of the test in the place of those that are not here (docker, systemctl, npx). JSON, TOML and
units are read by a parser, YAML by the few forms that the guide uses, and the commands in them are run. Not shown here: that Docker,
GitHub, cron and the MCP clients read these files as their makers say.
"""

import configparser
import json
import os
import re
import shlex
import shutil

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python before 3.11 has none.
    tomllib = None

ROOT = Path(__file__).resolve().parent.parent


class Recipes:
    def __init__(self, executable, folder):
        self.folder, self.bin, self.home = folder, folder / "bin", folder / "home"
        for one in (self.bin, self.home, self.home / "bin"):
            one.mkdir(parents=True)
        (self.bin / "tokenward").symlink_to(executable)
        self.env = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8",
                    "TOKENWARD_HOME": str(folder / "vault")}
        self.sandbox = subprocess.Popen([executable, "sandbox", "--auto-consent", "--json"], env=self.env, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.settings = first_document(self.sandbox)["env"]
        self.env.update({name: value for name, value in self.settings.items() if name != "TOKENWARD_HOME"})
        self.guide = (ROOT / "docs/guide/recipes.md").read_text()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def end(self):
        self.sandbox.send_signal(signal.SIGTERM)
        self.sandbox.wait(timeout=20)

    def blocks(self, heading, language):
        section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.guide, re.MULTILINE | re.DOTALL)[1]
        found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        assert found, f"{heading}: {language}"
        return found

    def shell(self, text, env=None, ends=0):
        answer = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env={**self.env, **(env or {})}, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert answer.returncode == ends, f"{text}\nended with {answer.returncode}: {answer.stdout}{answer.stderr}"
        return answer.stdout

    def program(self, path, script):
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def is_token(self, text):
        """Whether the provider takes it."""
        host = self.settings["TOKENWARD_OPEN_URL"]
        request = urllib.request.Request(f"{host}/open-apis/authen/v1/user_info", headers={"Authorization": f"Bearer {text.strip()}"})
        with self.opener.open(request) as answer:
            return json.load(answer)["code"] == 0

    def log_in(self):
        login = subprocess.Popen(["tokenward", "login", "--no-browser"], env=self.env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, executable=self.bin / "tokenward")
        self.opener.open(login.stdout.readline().strip()).read()
        assert login.wait(timeout=30) == 0, login.stderr.read()

    # -- the recipes -------------------------------------------------------------------------------

    def docker(self):
        """A `docker` that runs the image's program here, as far as its options concern the program."""
        volume = self.folder / "volume"
        consent = self.settings["TOKENWARD_ACCOUNTS_URL"]
        self.program(self.bin / "docker", f"""
            echo "docker $*" >> {self.folder}/docker.calls
            [ "$1" = run ] || exit 0
            shift
            while [ "$1" != tokenward ]; do
                case "$1" in
                    -v) [ "$2" = tokenward:/var/lib/tokenward ] || exit 90; shift 2 ;;
                    --rm | -it | -i) shift ;;
                    *) exit 91 ;;
                esac
            done
            exec env TOKENWARD_HOME={volume} "$@" """)
        build, init, login, token = self.blocks("Docker", "sh")[0].strip().splitlines()
        self.shell(build)
        assert "-f Containerfile -t tokenward ." in (self.folder / "docker.calls").read_text()
        secret = self.folder / "app.secret"
        secret.write_text(self.settings["TOKENWARD_APP_SECRET"])
        secret.chmod(0o600)
        init, given = init.replace("cli_…", self.settings["TOKENWARD_APP_ID"]).split(" < ")
        assert given == secret.name
        hosts = f" --provider feishu --open-url {self.settings['TOKENWARD_OPEN_URL']} --accounts-url {consent}"
        # Without the variables that describe the app: the image has none.
        self.shell(f"unset TOKENWARD_APP_ID TOKENWARD_APP_SECRET; {init}{hosts} < {given}")
        # What the container cannot see is gone: the volume has all that the next runs need.
        secret.unlink()
        child = subprocess.Popen(["bash", "-c", f"unset TOKENWARD_APP_ID TOKENWARD_APP_SECRET; exec {login} --json"], env=self.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.approve(json.loads(child.stdout.readline())["verification_uri_complete"])
        assert child.wait(timeout=60) == 0, child.stderr.read()
        said = self.shell(f"unset TOKENWARD_APP_ID TOKENWARD_APP_SECRET; {token}")
        assert self.is_token(said)

    def approve(self, address):
        """Somebody opens the address in a browser elsewhere; the sandbox consents by itself."""
        self.opener.open(address).read()

    def compose(self):
        text = self.blocks("Docker Compose", "yaml")[0]
        services = yaml(text)["services"]
        words = services["tokenward"]["command"]
        secret = self.folder / "proxy.secret"
        # A free port, and the file where the container has it.
        words = [{"0.0.0.0:9770": "127.0.0.1:0", "/run/secrets/proxy": str(secret)}.get(word, word) for word in words]
        proxy = subprocess.Popen([self.bin / "tokenward", *words, "--json"], env=self.env, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
        address = first_document(proxy)["address"]
        assert services["app"]["environment"]["FEISHU_BASE_URL"] == "http://tokenward:9770"
        # As the other container calls: by the service's name, with the secret in the header that the guide names.
        header = re.search(r"header `(X-[A-Za-z-]+)`", self.guide)[1]

        def ask(secret_text):
            request = urllib.request.Request(f"http://{address}/open-apis/authen/v1/user_info",
                                             headers={"Host": "tokenward:9770", header: secret_text})
            try:
                with self.opener.open(request) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code
        assert ask(secret.read_text().strip()) == 200
        assert ask("wrong") in (401, 403)
        proxy.send_signal(signal.SIGTERM)
        assert proxy.wait(timeout=30) == 0

    def github_actions(self):
        job = yaml(self.blocks("GitHub Actions", "yaml")[0])["jobs"]["report"]
        assert set(job["env"]) == {"TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET"}
        assert job["env"]["TOKENWARD_APP_SECRET"].startswith("${{ secrets.")
        for step in job["steps"]:
            # A machine that has nothing but the two variables.
            said = self.shell(step["run"], {"TOKENWARD_HOME": str(self.folder / "runner")})
            assert json.loads(said)["code"] == 0, said

    def systemd_timer(self):
        service, timer = map(unit, self.blocks("systemd timer", "ini"))
        assert timer["Timer"]["OnCalendar"] and timer["Install"]["WantedBy"] == "timers.target"
        self.program(self.home / "bin/report", f'echo "$TOKENWARD_ACCESS_TOKEN" > {self.folder}/reported')
        words = shlex.split(service["Service"]["ExecStart"].replace("%h", str(self.home)))
        assert words[0] == "/usr/bin/tokenward"
        subprocess.run([self.bin / "tokenward", *words[1:]], env=self.env, check=True, timeout=60)
        assert self.is_token((self.folder / "reported").read_text())
        self.program(self.bin / "systemctl", f'echo "$*" > {self.folder}/systemctl.calls')
        self.shell(self.blocks("systemd timer", "sh")[0])
        assert (self.folder / "systemctl.calls").read_text() == "--user enable --now report.timer\n"

    def cron(self):
        *variables, line = self.blocks("cron", "cron")[0].strip().splitlines()
        *when, command = line.split(" ", 5)
        assert len(when) == 5 and "%" not in command, line
        (self.folder / "reported").unlink(missing_ok=True)
        # The app is where the guide wants it.
        hosts = f"--open-url {self.settings['TOKENWARD_OPEN_URL']} --accounts-url {self.settings['TOKENWARD_ACCOUNTS_URL']}"
        app = f"--provider feishu --app-id {self.settings['TOKENWARD_APP_ID']} --app-secret-stdin"
        self.shell(f"printf %s \"$TOKENWARD_APP_SECRET\" | tokenward init {app} {hosts} --yes")
        # As cron runs it: sh, and no variables but its own few (crontab(5)) and those that the recipe sets.
        env = {"HOME": str(self.home), "LOGNAME": "ada", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
        env.update(variable.split("=", 1) for variable in variables)
        assert env["TOKENWARD_HOME"] == "/home/ada/.local/share/tokenward", variables
        env["TOKENWARD_HOME"] = self.env["TOKENWARD_HOME"]
        command = command.replace("/usr/bin/tokenward", str(self.bin / "tokenward"))
        subprocess.run(["sh", "-c", command], env=env, check=True, timeout=60)
        assert self.is_token((self.folder / "reported").read_text())

    def mcp_clients(self):
        """An `npx` that calls the API as the server would, and answers on stdout as a server does."""
        self.program(self.bin / "npx", f"""
            [ "$*" = "-y @larksuiteoapi/lark-mcp mcp" ] || exit 92
            read -r question
            {sys.executable} - "$question" <<'PYTHON'
import json, os, sys, urllib.request
request = urllib.request.Request(os.environ["TOKENWARD_PROXY_URL"] + "/open-apis/authen/v1/user_info")
with urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request) as answer:
    print(json.dumps({{"jsonrpc": "2.0", "id": json.loads(sys.argv[1])["id"], "result": json.load(answer)["data"]["name"]}}))
PYTHON""")
        heading = "VS Code, Claude Code, Cursor, Codex"
        vs_code, claude, helper = map(json.loads, self.blocks(heading, "json"))
        servers = [vs_code["servers"]["feishu"], claude["mcpServers"]["feishu"]]
        codex = self.blocks(heading, "toml")[0]
        if tomllib:
            servers.append(tomllib.loads(codex)["mcp_servers"]["feishu"])
        assert 'args = ["proxy", "--", "npx", "-y", "@larksuiteoapi/lark-mcp", "mcp"]' in codex
        for server in servers:
            answer = subprocess.run([server["command"], *server["args"]], env=self.env, input='{"jsonrpc":"2.0","id":7}\n', text=True,
                                    stdout=subprocess.PIPE, timeout=60, check=True, executable=self.bin / "tokenward")
            assert json.loads(answer.stdout) == {"jsonrpc": "2.0", "id": 7, "result": "Ada"}, answer.stdout
        said = self.shell(helper["mcpServers"]["wiki"]["headersHelper"])
        assert self.is_token(json.loads(said)["Authorization"].removeprefix("Bearer "))

    def service(self):
        """The unit of `service install`, looked at by systemd itself where its tools are."""
        self.program(self.bin / "systemctl", "exit 0")
        self.shell("tokenward link linked.env --create && tokenward service install --on-trouble '/bin/sh \"a b\" 50% $HOME'")
        file = self.home / ".config/systemd/user/tokenward-watch.service"
        assert "ExecStart=" in file.read_text()
        if shutil.which("systemd-analyze"):
            answer = subprocess.run(["systemd-analyze", "--user", "verify", file], env={**self.env, "XDG_RUNTIME_DIR": str(self.folder)},
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
            # Its manual page is not installed here.
            told = [line for line in answer.stdout.splitlines() if "man:" not in line and "Command 'man " not in line]
            assert told == [], told
        self.shell("tokenward service remove")
        assert not file.exists()

    def jupyter(self):
        code = self.blocks("Jupyter", "python")[0]
        # What a notebook shows is the value of the last line.
        *lines, last = code.strip().splitlines()
        script = "\n".join([*lines, f"print({last})"])
        answer = subprocess.run([sys.executable, "-c", script], env=self.env, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        assert answer.stdout == "Ada\n", answer.stdout


def first_document(child):
    """The JSON that a program prints before it runs on."""
    text = ""
    while True:
        line = child.stdout.readline()
        assert line, f"ended after {text!r}"
        text += line
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            continue


def unit(text):
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read_string(text)
    return parser


def yaml(text):
    """The YAML of the guide: maps by indentation, lists of maps, flow lists in JSON, plain scalars. Anything else fails."""
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip()]
    assert all(indent % 2 == 0 and "\t" not in line for indent, line in lines)

    def scalar(value):
        return json.loads(value) if value[:1] in ("[", "{", '"') else value

    def block(at, indent):
        if lines[at][1].startswith("- "):
            items = []
            while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- "):
                lines[at] = (indent + 2, lines[at][1][2:])
                item, at = block(at, indent + 2)
                items.append(item)
            return items, at
        found = {}
        while at < len(lines) and lines[at][0] == indent:
            key, colon, value = lines[at][1].partition(":")
            assert colon and re.fullmatch(r"[\w-]+", key) and key not in found, lines[at]
            at += 1
            if value:
                assert value.startswith(" ") and value[1] not in "|>&*!", lines[at - 1]
                found[key] = scalar(value.strip())
            else:
                assert at < len(lines) and lines[at][0] > indent, key
                found[key], at = block(at, lines[at][0])
        return found, at

    found, end = block(0, 0)
    assert end == len(lines), lines[end]
    return found


def run_all(executable, folder):
    """Each recipe's name, with what went wrong with it."""
    recipes = Recipes(executable, folder)
    try:
        recipes.log_in()
        for recipe in (recipes.docker, recipes.compose, recipes.github_actions, recipes.systemd_timer, recipes.cron,
                       recipes.mcp_clients, recipes.service, recipes.jupyter):
            try:
                recipe()
                yield recipe.__name__, None
            except (AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
                yield recipe.__name__, error
    finally:
        recipes.end()
