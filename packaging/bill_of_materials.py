"""What is built into the executable: a bill of materials (CycloneDX 1.6), and the texts that its licences ask to be handed on.

Enters: Cargo.lock and what `cargo tree` and `cargo metadata` say of the normal and build dependencies of the command. No tool is
installed, and no path of the machine that builds is written down.
"""

import datetime
import hashlib
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

COMMAND = "tokenward-cli"


class Bill:
    def __init__(self, root, target, version, moment):
        self.root, self.target, self.version, self.moment = root, target, version, moment
        self.sums = lock_sums((root / "Cargo.lock").read_text())
        # Which crates there are is asked of `cargo tree`: it knows the features of this one package, without those of tests.
        listed = self.cargo("tree", "--package", COMMAND, "--edges", "normal,build", "--target", target, "--prefix", "none",
                            "--format", "{p}")
        wanted = {tuple(line.split()[:2]) for line in listed.splitlines() if line.strip()}
        facts = json.loads(self.cargo("metadata", "--format-version", "1", "--filter-platform", target))
        self.packages = {
            package["id"]: package for package in facts["packages"] if (package["name"], "v" + package["version"]) in wanted
        }
        self.edges = {
            node["id"]: sorted({
                dep["pkg"] for dep in node["deps"]
                if dep["pkg"] in self.packages and any(kind["kind"] in (None, "build") for kind in dep["dep_kinds"])
            })
            for node in facts["resolve"]["nodes"] if node["id"] in self.packages
        }

    def cargo(self, *words):
        answer = subprocess.run(["cargo", *words, "--locked"], cwd=self.root, check=False, stdout=subprocess.PIPE)
        if answer.returncode != 0:
            sys.exit(f"packaging/build: cargo {words[0]} did not succeed")
        return answer.stdout.decode()

    def document(self):
        """The bill, as bytes of JSON."""
        components = sorted((self.component(p) for p in self.packages.values()), key=lambda c: c["bom-ref"])
        command = next(c for c in components if c["name"] == COMMAND)
        command = {**command, "type": "application", "name": "tokenward"}
        others = [c for c in components if c["name"] != COMMAND]
        dependencies = [
            {"ref": purl(self.packages[one]), "dependsOn": sorted(purl(self.packages[other]) for other in others_of)}
            for one, others_of in self.edges.items()
        ]
        sqlite = self.sqlite()
        if sqlite is not None:
            others.append(sqlite)
            for dependency in dependencies:
                if dependency["ref"].startswith("pkg:cargo/libsqlite3-sys@"):
                    dependency["dependsOn"].append(sqlite["bom-ref"])
        body = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": datetime.datetime.fromtimestamp(self.moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "component": command,
                "properties": [{"name": "tokenward:target", "value": self.target}],
            },
            "components": others,
            "dependencies": sorted(dependencies, key=lambda d: d["ref"]),
        }
        named = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, named)}"
        return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()

    def component(self, package):
        found = {
            "type": "library",
            "bom-ref": purl(package),
            "name": package["name"],
            "version": package["version"],
            "purl": purl(package),
        }
        if package.get("license"):
            # The older crates write `MIT/Apache-2.0`.
            found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        known = self.sums.get((package["name"], package["version"]))
        if known:
            found["hashes"] = [{"alg": "SHA-256", "content": known}]
        return found

    def sqlite(self):
        """SQLite is C, inside a crate that only hands it on: whoever looks for its flaws looks for its own name."""
        for package in self.packages.values():
            if package["name"] == "libsqlite3-sys":
                header = Path(package["manifest_path"]).parent / "sqlite3/sqlite3.h"
                version = re.search(r'#define SQLITE_VERSION\s+"([^"]+)"', header.read_text())[1]
                return {
                    "type": "library",
                    "bom-ref": f"pkg:generic/sqlite@{version}",
                    "name": "sqlite",
                    "version": version,
                    "purl": f"pkg:generic/sqlite@{version}",
                    "cpe": f"cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*",
                    "licenses": [{"license": {"name": "public domain"}}],
                }
        return None

    def licences(self):
        """The texts of the licences of others, each once, below the crates that bring it."""
        texts = {}
        without = []
        for package in sorted(self.packages.values(), key=lambda p: (p["name"], p["version"])):
            if package["source"] is None:
                continue
            name = f"{package['name']} {package['version']} ({package.get('license') or 'see its text'})"
            folder = Path(package["manifest_path"]).parent
            files = [f for f in sorted(folder.iterdir()) if f.is_file() and LICENCE.match(f.name)]
            for file in files:
                texts.setdefault(file.read_text(errors="replace").strip(), []).append(name)
            if not files:
                without.append(name)
        parts = ["Tokenward is built from the work of others. These are their licences; where there are several, any of them holds.\n"]
        for text, names in texts.items():
            parts.append("\n".join(["=" * 80, *names, "-" * 80, "", text, ""]))
        if without:
            parts.append("\n".join(["=" * 80, "Without a text of their own, under the licence named:", *without, ""]))
        return "\n".join(parts)


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def lock_sums(lock):
    """The checksums of the crates, by name and version."""
    pattern = re.compile(r'^\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"', re.MULTILINE)
    return {(name, version): checksum for name, version, checksum in pattern.findall(lock)}


LICENCE = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.IGNORECASE)
