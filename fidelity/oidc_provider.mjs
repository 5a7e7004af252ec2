// Tokenward's own command against a server that others wrote and certified: npm's oidc-provider, rotation on.
//
// Takes the path of the `tokenward` binary and the expected version of the package. Starts the server on a free port of
// this machine, plays the person's browser through the server's own development pages, and reads what happened from the
// server's own events. Prints a line for every check and "passed=N failed=N" at the end. Uses nothing of Tokenward but the
// command.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Provider from 'oidc-provider';

const [, , binary, wanted] = process.argv;
const found = createRequire(import.meta.url)('oidc-provider/package.json').version;

let passed = 0;
let failed = 0;
function check(name, good, shown = '') {
  if (good) passed += 1; else failed += 1;
  console.log(`${good ? 'ok    ' : 'FAILED'} ${name}${good ? '' : ` ${shown}`}`);
}

// The server knows its own address before it has one: the port is taken first.
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}`;

const SECRET = 'an-oidc-client-secret-that-nobody-may-see';
const client = (id, more) => ({
  client_id: id,
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  ...more,
});
const provider = new Provider(issuer, {
  clients: [
    client('basic', { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' }),
    client('public', { token_endpoint_auth_method: 'none' }),
  ],
  cookies: { keys: ['for this run alone'] },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600, DeviceCode: 600 },
});

// What happened, in the server's own words.
const log = { exchanges: 0, consumed: [], revoked: 0, refused: [], errors: [] };
provider.on('grant.success', (ctx) => {
  if (ctx.oidc.params.grant_type === 'refresh_token') log.exchanges += 1;
});
provider.on('grant.error', (ctx, error) => {
  if (error.error !== 'authorization_pending') log.refused.push(`${ctx.oidc?.params?.grant_type}: ${error.error}`);
});
provider.on('refresh_token.consumed', (token) => log.consumed.push(token.jti));
provider.on('grant.revoked', () => { log.revoked += 1; });
provider.on('server_error', (_, error) => log.errors.push(error.message));
server.on('request', provider.callback());

const folder = mkdtempSync(join(tmpdir(), 'tokenward-oidc-'));
const home = join(folder, 'home');
const said = [];

// A command with an environment of its own. `seen` is told each line of stdout as it comes.
function tokenward(words, { variables = {}, input = '', seen = () => {} } = {}) {
  return new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TOKENWARD_HOME: home, ...variables };
    const child = spawn(binary, words, { env });
    const ran = { code: null, out: '', err: '' };
    let line = '';
    child.stdout.on('data', (data) => {
      ran.out += data;
      line += data;
      for (let end = line.indexOf('\n'); end >= 0; end = line.indexOf('\n')) {
        seen(line.slice(0, end));
        line = line.slice(end + 1);
      }
    });
    child.stderr.on('data', (data) => { ran.err += data; });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('close', (code) => {
      ran.code = code;
      said.push(ran.err, words[0] === 'token' ? '' : ran.out);
      resolve(ran);
    });
  });
}

// A browser as far as is needed: cookies, redirects, and forms that are filled in and sent.
function browser() {
  const jar = new Map();
  async function visit(address, form) {
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const options = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
    const answer = await fetch(address, { ...options, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
  const unescape = (text) => text.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');
  const attribute = (tag, name) => unescape(new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
  return async function go(start, person) {
    let address = start;
    let form;
    for (let steps = 0; steps < 30; steps += 1) {
      const answer = await visit(address, form);
      form = undefined;
      const location = answer.headers.get('location');
      if (location) {
        address = new URL(location, address).href;
        continue;
      }
      const page = await answer.text();
      const found = /<form[^>]*>/.exec(page);
      // The callback of the command, or the last page of a device login.
      if (!found || !address.startsWith(issuer)) return { status: answer.status, page };
      form = {};
      for (const [tag] of page.slice(found.index).split('</form>')[0].matchAll(/<input[^>]*>/g)) {
        const name = attribute(tag, 'name');
        if (name) form[name] = name === 'login' ? person : attribute(tag, 'value') || 'x';
      }
      address = new URL(attribute(found[0], 'action'), address).href;
    }
    throw new Error(`no end of pages from ${start}`);
  };
}

async function loggedIn(words, person) {
  const go = browser();
  let browsing;
  const ran = await tokenward(words, {
    seen: (line) => {
      // The documents of `--json` span lines; what a browser is wanted for is one line.
      const address = line.startsWith('{"') ? JSON.parse(line).verification_uri_complete : line;
      if (address?.startsWith('http')) browsing ??= go(address, person).catch((error) => ({ page: String(error) }));
    },
  });
  return { ...ran, page: (await browsing)?.page ?? '' };
}

// All of them once the token has ended, by their clock: what each printed, and what the server counted.
async function stampede(profile, count, offset) {
  const before = { exchanges: log.exchanges, consumed: log.consumed.length, revoked: log.revoked, refused: log.refused.length };
  const variables = { TOKENWARD_CLOCK_OFFSET: String(offset) };
  const words = ['token', '--profile', profile];
  const runs = await Promise.all(Array.from({ length: count }, () => tokenward(words, { variables })));
  const tokens = new Set(runs.map((ran) => ran.out.trim()));
  const wrong = runs.find((ran) => ran.code !== 0);
  check(`${profile}: ${count} processes at expiry all got a token`, !wrong, JSON.stringify(wrong));
  check(`${profile}: and the same one`, tokens.size === 1, `${tokens.size} tokens`);
  check(`${profile}: by 1 exchange`, log.exchanges - before.exchanges === 1, `${log.exchanges - before.exchanges}`);
  check(`${profile}: which used up 1 refresh token`, log.consumed.length - before.consumed === 1);
  check(`${profile}: with 0 replays`, log.refused.length === before.refused && log.revoked === before.revoked, JSON.stringify(log));
  return [...tokens][0];
}

async function isAlive(token) {
  const answer = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200 && (await answer.json()).sub;
}

try {
  check(`oidc-provider is ${wanted}`, found === wanted, found);

  // Set up by discovery alone.
  const init = ['init', '--provider', 'oauth2', '--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid offline_access'];
  let ran = await tokenward([...init, '--app', 'code', '--issuer', `http://localhost:${port}`, '--app-id', 'basic', '--app-secret-stdin'], { input: SECRET });
  check('another name of the server is not its issuer', ran.code === 6 && ran.err.includes('issuer'), JSON.stringify(ran));
  ran = await tokenward([...init, '--app', 'code', '--issuer', issuer, '--app-id', 'basic', '--app-secret-stdin'], { input: 'not-the-secret' });
  check('a wrong secret is found out by init', ran.code === 6, JSON.stringify(ran));
  ran = await tokenward([...init, '--app', 'code', '--issuer', issuer, '--app-id', 'basic', '--app-secret-stdin'], { input: SECRET });
  check('init with a secret', ran.code === 0, JSON.stringify(ran));
  ran = await tokenward([...init, '--app', 'device', '--issuer', issuer, '--app-id', 'public', '--client-authentication', 'none']);
  check('init of a public client asks for no secret', ran.code === 0, JSON.stringify(ran));
  const config = readFileSync(join(home, 'config.toml'), 'utf8');
  check('the endpoints are written down', config.includes(`token_endpoint = "${issuer}/token"`), config);

  // Code and PKCE.
  ran = await loggedIn(['login', '--profile', 'code', '--no-browser', '--port', '0', '--timeout', '60s'], 'ada');
  check('login by code and PKCE', ran.code === 0 && ran.err.includes('ada'), JSON.stringify(ran));
  const first = await tokenward(['token', '--profile', 'code']);
  check('its token is good', (await isAlive(first.out.trim())) === 'ada', first.err);
  ran = await tokenward(['api', '/me', '--profile', 'code', '--jq', '.sub']);
  check('a call with it', ran.code === 0 && ran.out.trim() === 'ada', JSON.stringify(ran));
  const second = await stampede('code', 64, 3660);
  check('the login is alive afterwards', (await isAlive(second)) === 'ada');
  ran = await tokenward(['refresh', '--profile', 'code']);
  check('and turns again', ran.code === 0, JSON.stringify(ran));

  // Device flow, public client.
  ran = await loggedIn(['login', '--profile', 'device', '--device', '--json', '--timeout', '60s'], 'bob');
  check('login by device flow', ran.code === 0, JSON.stringify(ran));
  const third = await stampede('device', 64, 3660);
  check('the login is alive afterwards', (await isAlive(third)) === 'bob');
  ran = await tokenward(['doctor', '--profile', 'device', '--online']);
  check('the doctor is content', ran.code === 0, JSON.stringify(ran));

  // So that zero means something: this server punishes a replay.
  const used = log.consumed[0];
  const basic = Buffer.from(`basic:${SECRET}`).toString('base64');
  const replay = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: used }),
  });
  check('a replay by somebody else ends the login', replay.status === 400 && log.revoked === 1, JSON.stringify(log));
  ran = await tokenward(['refresh', '--profile', 'code']);
  check('and the next turn says that a person must log in', ran.code === 3, JSON.stringify(ran));
  ran = await tokenward(['logout', '--profile', 'device', '--revoke', '--yes']);
  check('logout withdraws the other', ran.code === 0 && !(await isAlive(third)), JSON.stringify(ran));

  const files = (at) => readdirSync(at).flatMap((name) => {
    const path = join(at, name);
    return statSync(path).isDirectory() ? files(path) : [readFileSync(path, 'latin1')];
  });
  const secrets = [SECRET, first.out.trim(), second, third, ...log.consumed];
  const leaks = [...said, ...files(home)].filter((text) => secrets.some((secret) => text.includes(secret)));
  check('no secret was said or left in a file', leaks.length === 0, `${leaks.length} places`);
  check('the server had no error of its own', log.errors.length === 0, JSON.stringify(log.errors));
} catch (error) {
  check('the script ran to its end', false, error.stack);
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`passed=${passed} failed=${failed}`);
process.exit(failed === 0 ? 0 : 1);
