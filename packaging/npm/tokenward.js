#!/usr/bin/env node
// Starts the executable of this platform, which npm has put beside this package as an optional dependency.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");

const name = `@tokenward/${process.platform}-${process.arch}`;

function executable() {
  try {
    return require.resolve(`${name}/bin/tokenward`);
  } catch {
    const known = Object.keys(require("../package.json").optionalDependencies);
    const chinese = /^zh/.test(process.env.TOKENWARD_LANG || process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || "");
    console.error(
      known.includes(name)
        ? chinese
          ? `错误：缺少 ${name}。请重新安装 tokenward，并且不要使用 --omit=optional。`
          : `error: ${name} is missing. Install tokenward again, without --omit=optional.`
        : chinese
          ? `错误：tokenward 的 npm 包不支持 ${process.platform}-${process.arch}；支持：${known.join("、")}。请用 cargo 从源代码编译。`
          : `error: the npm package of tokenward is not for ${process.platform}-${process.arch}; it is for ${known.join(", ")}. Build it from source with cargo.`,
    );
    process.exit(1);
  }
}

const child = spawn(executable(), process.argv.slice(2), { stdio: "inherit" });

for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to both.
    if (!(process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT"))) child.kill(signal);
  });
}

child.on("error", (error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});

child.on("exit", (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
