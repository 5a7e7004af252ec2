"""The official Python SDK against the sandbox: nothing is changed but the domains.

Reads the sandbox's settings as JSON from stdin. `python lark_oapi_test.py VERSION`
"""

import importlib.metadata
import io
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib

import lark_oapi as lark
from lark_oapi.api.authen.v1 import (
    CreateAccessTokenRequest,
    CreateAccessTokenRequestBody,
    CreateOidcAccessTokenRequest,
    CreateOidcAccessTokenRequestBody,
    CreateOidcRefreshAccessTokenRequest,
    CreateOidcRefreshAccessTokenRequestBody,
    CreateRefreshAccessTokenRequest,
    CreateRefreshAccessTokenRequestBody,
    GetUserInfoRequest,
)
from lark_oapi.api.docx.v1 import (
    BatchDeleteDocumentBlockChildrenRequest,
    BatchDeleteDocumentBlockChildrenRequestBody,
    ConvertDocumentRequest,
    ConvertDocumentRequestBody,
    CreateDocumentBlockDescendantRequest,
    CreateDocumentBlockDescendantRequestBody,
    ListDocumentBlockRequest,
    PatchDocumentBlockRequest,
    ReplaceImageRequest,
    UpdateBlockRequest,
)
from lark_oapi.api.drive.v1 import (
    CreateImportTaskRequest,
    GetImportTaskRequest,
    ImportTask,
    ImportTaskMountPoint,
    UploadAllMediaRequest,
    UploadAllMediaRequestBody,
)
from lark_oapi.api.wiki.v2 import (
    CreateSpaceNodeRequest,
    GetNodeSpaceRequest,
    GetSpaceRequest,
    ListSpaceNodeRequest,
    ListSpaceRequest,
    MoveDocsToWikiSpaceNodeRequest,
    MoveDocsToWikiSpaceNodeRequestBody,
    Node,
)
from lark_oapi.core.exception import AccessTokenException, ObtainAccessTokenException

passed = failed = 0


def check(name, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
        print(f"ok   lark-oapi: {name}")
    else:
        failed += 1
        print(f"FAIL lark-oapi: {name}: {seen!r}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def authorization_code(brand, app_id, redirect_uri, scope):
    """What a browser does, with a user who agrees to everything."""
    query = urllib.parse.urlencode(
        {"client_id": app_id, "response_type": "code", "redirect_uri": redirect_uri, "scope": scope, "state": "s"},
        quote_via=urllib.parse.quote,
    )
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{brand['accounts']}/open-apis/authen/v1/authorize?{query}")
    except urllib.error.HTTPError as answer:
        if answer.code != 302:
            raise
        return urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["location"]).query)["code"][0]
    raise AssertionError("the authorization page did not redirect")


def client_of(brand, app_id, app_secret, app_type=lark.AppType.SELF):
    return (
        lark.Client.builder()
        .app_id(app_id)
        .app_secret(app_secret)
        .app_type(app_type)
        .domain(brand["open"])
        .oauth_base_url(brand["accounts"])
        .enable_set_token(True)
        .log_level(lark.LogLevel.ERROR)
        .build()
    )


def with_user(token):
    return lark.RequestOption.builder().user_access_token(token).build()


MARKDOWN = "# Title\n\nA [link](https://example.com) and **bold**.\n\n- one\n  - two\n\n| a |\n|---|\n| 1 |\n\n![p](p.png)\n"

PAGE_SCOPE = (
    "offline_access wiki:space:read wiki:node:create wiki:node:read wiki:node:retrieve wiki:node:move"
    " docx:document:write_only docx:document:readonly docx:document.block:convert docs:document.media:upload"
    " docs:document:import"
)


def control(settings, route, body):
    request = urllib.request.Request(f"{settings['control']}/control/{route}", json.dumps(body).encode())
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def page(name, client, code, settings):
    """A wiki page from Markdown, both ways of the reference, with nothing but the SDK's own models."""
    tokens = client.access_token.retrieve_by_authorization_code(code)
    user = with_user(tokens.access_token)

    space = client.wiki.v2.space.get(GetSpaceRequest.builder().space_id("my_library").build(), user)
    check(f"{name} wiki my_library", space.success() and space.data.space.space_type == "my_library", space.msg)
    space_id = space.data.space.space_id
    node = Node.builder().obj_type("docx").node_type("origin").title("Page").build()
    made = client.wiki.v2.space_node.create(
        CreateSpaceNodeRequest.builder().space_id(space_id).request_body(node).build(), user
    )
    check(f"{name} wiki node create", made.success() and made.data.node.obj_token, made.msg)
    document = made.data.node.obj_token
    found = client.wiki.v2.space.get_node(
        GetNodeSpaceRequest.builder().token(document).obj_type("docx").build(), user
    )
    check(f"{name} wiki get_node", found.success() and found.data.node.title == "Page", found.msg)

    body = ConvertDocumentRequestBody.builder().content_type("markdown").content(MARKDOWN).build()
    converted = client.docx.v1.document.convert(ConvertDocumentRequest.builder().request_body(body).build(), user)
    images = converted.data.block_id_to_image_urls
    check(f"{name} docx convert", converted.success() and images[0].image_url == "p.png", converted.msg)

    def insert(token):
        body = (
            CreateDocumentBlockDescendantRequestBody.builder()
            .children_id(converted.data.first_level_block_ids)
            .index(-1)
            .descendants(converted.data.blocks)
            .build()
        )
        request = CreateDocumentBlockDescendantRequest.builder().document_id(document).block_id(document)
        return client.docx.v1.document_block_descendant.create(
            request.document_revision_id(-1).client_token(token).request_body(body).build(), user
        )

    refused = insert(str(uuid.uuid4()))
    check(f"{name} docx descendant refuses merge_info", refused.code == 1770001, refused.code)
    for block in converted.data.blocks:
        if block.table:
            block.table.property.merge_info = None
    token = str(uuid.uuid4())
    inserted = insert(token)
    check(f"{name} docx descendant", inserted.success() and len(inserted.data.children) == 5, inserted.msg)
    again = insert(token)
    check(
        f"{name} docx client_token",
        again.data.document_revision_id == inserted.data.document_revision_id,
        again.msg,
    )

    over = insert(str(uuid.uuid4()))
    check(f"{name} docx limit", over.code == 99991400 and over.raw.status_code == 400, over.code)
    # The sandbox's clock is moved, so that nobody waits.
    control(settings, "clock", {"advance_seconds": 1})
    real = {one.temporary_block_id: one.block_id for one in inserted.data.block_id_relations}
    image = real[images[0].block_id]
    picture = b"picture"
    body = (
        UploadAllMediaRequestBody.builder()
        .file_name("p.png")
        .parent_type("docx_image")
        .parent_node(image)
        .size(len(picture))
        .checksum(str(zlib.adler32(picture)))
        .extra(json.dumps({"drive_route_token": document}))
        .file(io.BytesIO(picture))
        .build()
    )
    media = client.drive.v1.media.upload_all(UploadAllMediaRequest.builder().request_body(body).build(), user)
    check(f"{name} drive upload_all", media.success() and media.data.file_token, media.msg)
    change = UpdateBlockRequest.builder()
    change = change.replace_image(ReplaceImageRequest.builder().token(media.data.file_token).build()).build()
    changed = client.docx.v1.document_block.patch(
        PatchDocumentBlockRequest.builder().document_id(document).block_id(image).request_body(change).build(), user
    )
    check(
        f"{name} docx replace_image",
        changed.success() and changed.data.block.image.token == media.data.file_token,
        changed.msg,
    )
    blocks = client.docx.v1.document_block.list(
        ListDocumentBlockRequest.builder().document_id(document).page_size(500).build(), user
    )
    kinds = [block.block_type for block in blocks.data.items]
    check(f"{name} docx blocks", kinds == [1, 3, 2, 12, 12, 31, 32, 2, 32, 2, 27], kinds)
    body = BatchDeleteDocumentBlockChildrenRequestBody.builder().start_index(0).end_index(5).build()
    emptied = client.docx.v1.document_block_children.batch_delete(
        BatchDeleteDocumentBlockChildrenRequest.builder()
        .document_id(document)
        .block_id(document)
        .request_body(body)
        .build(),
        user,
    )
    check(f"{name} docx batch_delete", emptied.success(), emptied.msg)

    source = MARKDOWN.encode()
    body = (
        UploadAllMediaRequestBody.builder()
        .file_name("page.md")
        .parent_type("ccm_import_open")
        .size(len(source))
        .extra(json.dumps({"obj_type": "docx", "file_extension": "md"}))
        .file(io.BytesIO(source))
        .build()
    )
    media = client.drive.v1.media.upload_all(UploadAllMediaRequest.builder().request_body(body).build(), user)
    point = ImportTaskMountPoint.builder().mount_type(1).mount_key("").build()
    task = ImportTask.builder().file_extension("md").file_token(media.data.file_token).type("docx")
    task = task.file_name("Imported").point(point).build()
    made = client.drive.v1.import_task.create(CreateImportTaskRequest.builder().request_body(task).build(), user)
    check(f"{name} drive import create", made.success() and made.data.ticket, made.msg)
    states = []
    while not states or states[-1] in (1, 2):
        looked = client.drive.v1.import_task.get(
            GetImportTaskRequest.builder().ticket(made.data.ticket).build(), user
        )
        states.append(looked.data.result.job_status)
    check(f"{name} drive import get", states == [1, 2, 0], states)
    body = MoveDocsToWikiSpaceNodeRequestBody.builder().obj_type("docx").obj_token(looked.data.result.token).build()
    moved = client.wiki.v2.space_node.move_docs_to_wiki(
        MoveDocsToWikiSpaceNodeRequest.builder().space_id(space_id).request_body(body).build(), user
    )
    check(f"{name} wiki move_docs_to_wiki", moved.success() and moved.data.wiki_token, moved.msg)
    nodes = client.wiki.v2.space_node.list(ListSpaceNodeRequest.builder().space_id(space_id).build(), user)
    titles = [node.title for node in nodes.data.items]
    check(f"{name} wiki node list", titles == ["Page", "Imported"], titles)


def run(name, brand, settings):
    user, redirect_uri = settings["user"], settings["redirect_uri"]
    client = client_of(brand, brand["app_id"], brand["app_secret"])
    scope = "offline_access auth:user.id:read wiki:wiki"

    def code():
        return authorization_code(brand, brand["app_id"], redirect_uri, scope)

    def is_user(token):
        answer = client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), with_user(token))
        return answer.success() and answer.data.name == user["name"] and answer.data.open_id.startswith("ou_")

    # v3
    tokens = client.access_token.retrieve_by_authorization_code(code(), redirect_uri=redirect_uri)
    check(f"{name} v3 exchange", tokens.refresh_token and tokens.expires_in == 7200, tokens)
    check(f"{name} v3 scope", tokens.scope == "auth:user.id:read offline_access wiki:wiki", tokens.scope)
    check(f"{name} v3 user_info", is_user(tokens.access_token))
    turned = client.access_token.refresh(tokens.refresh_token)
    check(f"{name} v3 refresh", turned.refresh_token != tokens.refresh_token and is_user(turned.access_token))
    try:
        client.access_token.refresh(tokens.refresh_token)
        check(f"{name} v3 replay is refused", False, "it was taken")
    except AccessTokenException as error:
        check(f"{name} v3 replay is refused", "20064" in str(vars(error)), vars(error))

    # OIDC v1
    body = CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code").code(code()).build()
    answer = client.authen.v1.oidc_access_token.create(CreateOidcAccessTokenRequest.builder().request_body(body).build())
    check(f"{name} oidc v1 exchange", answer.success() and answer.data.refresh_expires_in == 2591999, answer.msg)
    check(f"{name} oidc v1 user_info", is_user(answer.data.access_token))

    def oidc_refresh(token):
        body = CreateOidcRefreshAccessTokenRequestBody.builder().grant_type("refresh_token").refresh_token(token).build()
        return client.authen.v1.oidc_refresh_access_token.create(
            CreateOidcRefreshAccessTokenRequest.builder().request_body(body).build()
        )

    turned = oidc_refresh(answer.data.refresh_token)
    check(f"{name} oidc v1 refresh", turned.success() and is_user(turned.data.access_token), turned.msg)
    replay = oidc_refresh(answer.data.refresh_token)
    check(f"{name} oidc v1 replay is refused", replay.code == 20038, replay.code)

    # legacy v1
    body = CreateAccessTokenRequestBody.builder().grant_type("authorization_code").code(code()).build()
    answer = client.authen.v1.access_token.create(CreateAccessTokenRequest.builder().request_body(body).build())
    check(f"{name} legacy v1 exchange", answer.success() and answer.data.name == user["name"], answer.msg)
    body = (
        CreateRefreshAccessTokenRequestBody.builder()
        .grant_type("refresh_token")
        .refresh_token(answer.data.refresh_token)
        .build()
    )
    turned = client.authen.v1.refresh_access_token.create(
        CreateRefreshAccessTokenRequest.builder().request_body(body).build()
    )
    check(f"{name} legacy v1 refresh", turned.success() and is_user(turned.data.access_token), turned.msg)

    page(name, client, authorization_code(brand, brand["app_id"], redirect_uri, PAGE_SCOPE), settings)

    # What a user has granted adds up; the next script expects the three scopes it asks for.
    control(settings, "withdraw", {"app": brand["app_id"], "user": user["id"]})

    # Tenant tokens: the SDK fetches them by itself.
    spaces = client.wiki.v2.space.list(ListSpaceRequest.builder().build())
    check(f"{name} tenant token, self-built app", spaces.success() and len(spaces.data.items) == 1, spaces.msg)
    store = client_of(brand, brand["store_app_id"], brand["store_app_secret"], lark.AppType.ISV)
    option = (
        lark.RequestOption.builder().app_ticket(brand["store_app_ticket"]).tenant_key(user["tenant_key"]).build()
    )
    spaces = store.wiki.v2.space.list(ListSpaceRequest.builder().build(), option)
    check(f"{name} tenant token, store app", spaces.success(), spaces.msg)

    bad = client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), with_user("eyJ.made.up"))
    check(f"{name} user_info refuses a made-up token", bad.code == 20005, bad.code)
    # An app of its own: the SDK caches tenant tokens by app id for the whole process.
    stranger = client_of(brand, "cli_nobody", "wrong")
    try:
        stranger.wiki.v2.space.list(ListSpaceRequest.builder().build())
        check(f"{name} tenant token is refused to strangers", False, "it was given")
    except ObtainAccessTokenException as error:
        check(f"{name} tenant token is refused to strangers", "10003" in str(vars(error)), vars(error))


def main():
    settings = json.load(sys.stdin)
    version = importlib.metadata.version("lark-oapi")
    check(f"version {version} is the pinned one", version == sys.argv[1], version)
    for name, brand in settings["brands"].items():
        run(name, brand, settings)


try:
    main()
except Exception as error:  # a crash is a failed check, with its reason
    import traceback

    traceback.print_exc()
    check("the script ran to its end", False, error)
print(f"passed={passed} failed={failed}")
sys.exit(1 if failed else 0)
