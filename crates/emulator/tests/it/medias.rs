//! Uploads, and images put into their blocks (reference/feishu.md §12.1 step 6).

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::world::{Answer, World, send};

/// A form with these fields; `file` may hold any bytes.
pub(crate) async fn upload(world: &World, bearer: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    if let Some(file) = file {
        body.extend(b"--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n");
        body.extend(b"Content-Type: application/octet-stream\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--b0undary--\r\n");
    let request = world.http.post(world.open("/open-apis/drive/v1/medias/upload_all")).bearer_auth(bearer);
    send(request.header("content-type", "multipart/form-data; boundary=b0undary").body(body)).await
}

/// A document with two empty image blocks.
async fn two_images(world: &World, user: &str) -> (String, Vec<String>) {
    let document = world.page(user, "Pictures").await;
    world.write(user, &document, "![a](a.png)\n\n![b](b.png)\n").await;
    let tree = world.sandbox.document(&document).expect("there");
    (document, tree.page.children.into_iter().map(|block| block.block_id).collect())
}

#[tokio::test]
async fn a_picture_goes_into_its_own_block() {
    let world = World::new().await;
    let user = world.writer();
    let (document, images) = two_images(&world, &user).await;
    let picture: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let (size, extra) = (picture.len().to_string(), json!({"drive_route_token": document}).to_string());
    // By the definition of RFC 1950 §8.2, in wider arithmetic than the sandbox's.
    let (low, high) = picture.iter().fold((1_u64, 0_u64), |(low, high), byte| {
        let low = (low + u64::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    let checksum = (high * 65536 + low).to_string();
    let fields = [
        ("file_name", "a.png"),
        ("parent_type", "docx_image"),
        ("parent_node", &images[0]),
        ("size", &size),
        ("checksum", &checksum),
        ("extra", &extra),
    ];
    let token = upload(&world, &user, &fields, Some(&picture)).await.field("file_token");
    let replace = json!({"replace_image": {"token": token, "width": 640, "height": 480}});
    let path = |block: &str| format!("/open-apis/docx/v1/documents/{document}/blocks/{block}");
    world.call("PATCH", &path(&images[1]), &user, &replace).await.is(400, 1_770_013);
    let missing = json!({"replace_image": {"token": "nope"}});
    world.call("PATCH", &path(&images[0]), &user, &missing).await.is(400, 1_770_013);
    let changed = world.good("PATCH", &path(&images[0]), &user, &replace).await;
    assert_eq!(
        (&changed["block"]["image"]["token"], &changed["block"]["image"]["width"]),
        (&json!(token), &json!(640))
    );

    let tree = world.sandbox.document(&document).expect("there");
    let media = tree.page.children[0].media.clone().expect("a picture");
    let sha256 = Sha256::digest(&picture).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!((media.size, media.sha256.as_str(), media.name.as_str()), (picture.len(), sha256.as_str(), "a.png"));
    assert_eq!(tree.page.children[1].media, None);
    assert_eq!(world.sandbox.medias(), std::slice::from_ref(&media));
    let control = send(world.http.get(format!("{}/control/medias", world.sandbox.control_url()))).await.json();
    assert_eq!(control["medias"][0]["sha256"], sha256);
    assert!(tree.page.outline().contains(&sha256));
}

#[tokio::test]
async fn uploads_are_checked() {
    let world = World::new().await;
    let user = world.writer();
    let (document, images) = two_images(&world, &user).await;
    let good =
        [("file_name", "a.png"), ("parent_type", "docx_image"), ("parent_node", images[0].as_str()), ("size", "5")];
    let file: &[u8] = b"hello";
    let with = |name: &'static str, value: &'static str| -> Vec<(&str, &str)> {
        let mut fields: Vec<(&str, &str)> = good.iter().copied().filter(|(known, _)| *known != name).collect();
        fields.push((name, value));
        fields
    };
    upload(&world, &user, &with("checksum", "103547413"), Some(file)).await.is(200, 0);
    for (name, value, code) in [
        ("checksum", "103547414", 1_062_008),
        ("checksum", "x", 1_062_008),
        ("size", "4", 1_062_009),
        ("size", "x", 1_061_002),
        ("size", "20971521", 1_061_043),
        ("file_name", "", 1_061_008),
        ("parent_type", "docx_video", 1_061_002),
        ("parent_type", "", 1_061_002),
        ("parent_node", "", 1_061_002),
        ("parent_node", "nope", 1_061_044),
        ("extra", "{", 1_061_002),
        ("extra", r#"{"drive_route_token":"other"}"#, 1_061_002),
    ] {
        let answer = upload(&world, &user, &with(name, value), Some(file)).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{name}={value}: {}", answer.text);
    }
    upload(&world, &user, &with("file_name", Box::leak("x".repeat(251).into_boxed_str())), Some(file))
        .await
        .is(400, 1_061_008);
    upload(&world, &user, &good, None).await.is(400, 1_061_002);
    // The page is no image.
    let on_page =
        [("file_name", "a"), ("parent_type", "docx_image"), ("parent_node", document.as_str()), ("size", "5")];
    upload(&world, &user, &on_page, Some(file)).await.is(400, 1_061_044);
    // A tenant token has no way into a personal library.
    upload(&world, &world.tenant_token().await, &good, Some(file)).await.is(403, 1_061_004);
    // A block that was there and is gone.
    let delete = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children/batch_delete");
    world.good("DELETE", &delete, &user, &json!({"start_index": 0, "end_index": 1})).await;
    upload(&world, &user, &good, Some(file)).await.is(400, 1_061_041);
    let form = world.call("POST", "/open-apis/drive/v1/medias/upload_all", &user, &json!({"size": 5})).await;
    form.is(400, 1_061_002);
}

#[tokio::test]
async fn twenty_megabytes_are_taken() {
    let world = World::new().await;
    let user = world.writer();
    let (_, images) = two_images(&world, &user).await;
    let largest = vec![b'\r'; 20 * 1024 * 1024];
    let size = largest.len().to_string();
    let fields = [
        ("file_name", "a"),
        ("parent_type", "docx_image"),
        ("parent_node", images[0].as_str()),
        ("size", size.as_str()),
    ];
    upload(&world, &user, &fields, Some(&largest)).await.is(200, 0);
    assert_eq!(world.sandbox.medias()[0].size, largest.len());
}
