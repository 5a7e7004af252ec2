// The official Node SDK against the sandbox: nothing is changed but the domains.
//
// Reads the sandbox's settings as JSON from stdin. `node node_sdk_test.mjs VERSION`

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const lark = require("@larksuiteoapi/node-sdk");

let passed = 0;
let failed = 0;

function check(name, condition, seen) {
    if (condition) {
        passed += 1;
        console.log(`ok   node-sdk: ${name}`);
    } else {
        failed += 1;
        console.log(`FAIL node-sdk: ${name}:`, seen);
    }
}

/** The error of a call that must not succeed. */
async function refusal(call) {
    try {
        return { taken: await call() };
    } catch (error) {
        return error;
    }
}

/** What a browser does, with a user who agrees to everything. */
async function authorizationCode(brand, redirectUri, scope) {
    const query = new URLSearchParams({
        client_id: brand.app_id,
        response_type: "code",
        redirect_uri: redirectUri,
        scope,
        state: "s",
    });
    const address = `${brand.accounts}/open-apis/authen/v1/authorize?${query}`;
    const answer = await fetch(address, { redirect: "manual" });
    if (answer.status !== 302) throw new Error(`the authorization page answered ${answer.status}`);
    return new URL(answer.headers.get("location")).searchParams.get("code");
}

async function run(name, brand, settings) {
    const redirectUri = settings.redirect_uri;
    const options = {
        appId: brand.app_id,
        appSecret: brand.app_secret,
        domain: brand.open,
        oauthBaseUrl: brand.accounts,
        // Refusals are expected here, and the SDK prints each at length, credentials included.
        logger: { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} },
    };
    const client = new lark.Client(options);
    const code = () => authorizationCode(brand, redirectUri, "offline_access auth:user.id:read wiki:wiki");
    const isUser = async (token) => {
        const answer = await client.authen.userInfo.get({}, lark.withUserAccessToken(token));
        return answer.code === 0 && answer.data.name === settings.user.name && answer.data.open_id.startsWith("ou_");
    };

    // v3
    const tokens = await client.accessToken.retrieveByAuthorizationCode({ code: await code(), redirectUri });
    check(`${name} v3 exchange`, tokens.refreshToken && tokens.expiresIn === 7200, tokens);
    check(`${name} v3 scope`, tokens.scope === "auth:user.id:read offline_access wiki:wiki", tokens.scope);
    check(`${name} v3 user_info`, await isUser(tokens.accessToken));
    const turned = await client.accessToken.refresh({ refreshToken: tokens.refreshToken });
    check(`${name} v3 refresh`, turned.refreshToken !== tokens.refreshToken && (await isUser(turned.accessToken)));
    const replay = await refusal(() => client.accessToken.refresh({ refreshToken: tokens.refreshToken }));
    check(`${name} v3 replay is refused`, replay.statusCode === 400 && replay.code === 20064, replay);

    // OIDC v1, by the SDK's own keeper of user tokens and by the bare calls
    const kept = await client.userAccessToken.initWithCode({ ada: await code() });
    check(`${name} oidc v1 exchange`, kept.ada?.refreshToken?.startsWith("ur-"), Object.keys(kept));
    check(`${name} oidc v1 user_info`, await isUser(await client.userAccessToken.get("ada")));
    const refresh = (token) =>
        client.authen.oidcRefreshAccessToken.create({ data: { grant_type: "refresh_token", refresh_token: token } });
    const oidc = await refresh(kept.ada.refreshToken);
    check(`${name} oidc v1 refresh`, oidc.code === 0 && (await isUser(oidc.data.access_token)), oidc.msg);
    const oidcReplay = await refresh(kept.ada.refreshToken);
    check(`${name} oidc v1 replay is refused`, oidcReplay.code === 20038, oidcReplay);
    await client.userAccessToken.update({ eve: { refreshToken: oidc.data.refresh_token, expiredTime: 1, token: "x" } });
    check(`${name} oidc v1 refresh by the SDK's keeper`, await isUser(await client.userAccessToken.get("eve")));

    // legacy v1
    const legacy = await client.authen.accessToken.create({
        data: { grant_type: "authorization_code", code: await code() },
    });
    check(`${name} legacy v1 exchange`, legacy.code === 0 && legacy.data.name === settings.user.name, legacy.msg);
    const legacyTurned = await client.authen.refreshAccessToken.create({
        data: { grant_type: "refresh_token", refresh_token: legacy.data.refresh_token },
    });
    check(`${name} legacy v1 refresh`, await isUser(legacyTurned.data.access_token), legacyTurned.msg);

    // Tenant tokens: the SDK fetches them by itself.
    const spaces = await client.wiki.space.list({});
    check(`${name} tenant token, self-built app`, spaces.code === 0 && spaces.data.items.length === 1, spaces);
    const tenant = await client.tokenManager.getTenantAccessToken();
    check(`${name} tenant token has the known look`, tenant.startsWith("t-"), tenant?.length);
    const stranger = new lark.Client({ ...options, appSecret: "wrong", disableTokenCache: true });
    const refused = await refusal(() => stranger.accessToken.refresh({ refreshToken: turned.refreshToken }));
    check(`${name} a wrong secret is refused`, refused.code === 20002, refused);
    const bad = await refusal(() => client.authen.userInfo.get({}, lark.withUserAccessToken("eyJ.made.up")));
    check(`${name} user_info refuses a made-up token`, bad.taken?.code === 20005, bad.message ?? bad);
}

try {
    const settings = JSON.parse(readFileSync(0, "utf8"));
    const { version } = JSON.parse(
        readFileSync(new URL("./node_modules/@larksuiteoapi/node-sdk/package.json", import.meta.url), "utf8"),
    );
    check(`version ${version} is the pinned one`, version === process.argv[2], version);
    for (const [name, brand] of Object.entries(settings.brands)) await run(name, brand, settings);
} catch (error) {
    check("the script ran to its end", false, error);
}
console.log(`passed=${passed} failed=${failed}`);
process.exitCode = failed ? 1 : 0;
