// Drives the official Node SDK through a login's life on the sandbox whose settings are in the environment.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const lark = require('@larksuiteoapi/node-sdk');
const { version } = require('@larksuiteoapi/node-sdk/package.json');

const { TOKENWARD_OPEN_URL: open, TOKENWARD_ACCOUNTS_URL: accounts } = process.env;
const { TOKENWARD_APP_ID: appId, TOKENWARD_APP_SECRET: appSecret, TOKENWARD_REDIRECT_URI: redirectUri } = process.env;
const ok = (what) => console.log(`   ok  @larksuiteoapi/node-sdk ${version}: ${what}`);

// A code from the consent page, which consents by itself.
async function consent(more = {}) {
  const state = crypto.randomBytes(12).toString('base64url');
  const query = new URLSearchParams({
    client_id: appId, response_type: 'code', redirect_uri: redirectUri, state, scope: 'offline_access', ...more,
  });
  let url = `${accounts}/open-apis/authen/v1/authorize?${query}`;
  while (!url.startsWith(redirectUri)) {
    const answer = await fetch(url, { redirect: 'manual' });
    assert.ok(answer.headers.get('location'), `the consent page did not redirect: HTTP ${answer.status}`);
    url = new URL(answer.headers.get('location'), url).href;
  }
  const answer = new URL(url).searchParams;
  assert.strictEqual(answer.get('state'), state);
  return answer.get('code');
}

function data(response) {
  assert.strictEqual(response.code, 0, `${response.code} ${response.msg}`);
  return response.data;
}

async function main() {
  const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const client = new lark.Client({ appId, appSecret, domain: open, oauthBaseUrl: accounts, logger: quiet });
  const who = async (token) => data(await client.authen.v1.userInfo.get({}, lark.withUserAccessToken(token)));

  const codeVerifier = crypto.randomBytes(48).toString('base64url');
  const challenge = crypto.createHash('sha256').update(codeVerifier).digest('base64url');
  const code = await consent({ code_challenge: challenge, code_challenge_method: 'S256' });
  let first = await client.accessToken.retrieveByAuthorizationCode({ code, redirectUri, codeVerifier });
  assert.ok(first.accessToken && first.refreshToken && first.expiresIn && first.refreshTokenExpiresIn);
  ok('v3 code exchange with PKCE');

  let second = await client.accessToken.refresh({ refreshToken: first.refreshToken });
  assert.notStrictEqual(second.refreshToken, first.refreshToken);
  ok('v3 refresh');
  await assert.rejects(client.accessToken.refresh({ refreshToken: first.refreshToken }), (error) => {
    assert.ok([20064, 20073].includes(error.code), error);
    return true;
  });
  ok('v3 refuses a used refresh token');

  assert.match((await who(second.accessToken)).open_id, /^ou_/);
  ok('user_info');

  const exchange = { grant_type: 'authorization_code', code: await consent() };
  first = data(await client.authen.v1.oidcAccessToken.create({ data: exchange }));
  assert.ok(first.refresh_token && first.refresh_expires_in > 7 * 86400);
  ok('OIDC v1 code exchange');
  const refresh = { data: { grant_type: 'refresh_token', refresh_token: first.refresh_token } };
  second = data(await client.authen.v1.oidcRefreshAccessToken.create(refresh));
  assert.notStrictEqual(second.refresh_token, first.refresh_token);
  assert.ok((await who(second.access_token)).open_id);
  ok('OIDC v1 refresh');
  const again = await client.authen.v1.oidcRefreshAccessToken.create(refresh);
  assert.ok([20026, 20038].includes(again.code), `${again.code}`);
  ok('OIDC v1 refuses a used refresh token');

  const tenant = await client.auth.v3.tenantAccessToken.internal({ data: { app_id: appId, app_secret: appSecret } });
  assert.ok(tenant.code === 0 && tenant.tenant_access_token);
  ok('tenant token');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
