"""The key services against real ones: OpenBao, moto's AWS KMS, and gocloud.dev/secrets as the oracle.

`scripts/test-keys` builds everything and runs this.
"""

import argparse
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceRestTransport
from google.oauth2 import credentials as google_credentials
from harness import openbao
from harness.json_http import call
from harness.openbao import Bao
from harness.processes import free_port, server

import clouds
from envelope import Kms, Transit
from library import Keys, request
from matrix import Programs, matrix
from services import KEY, Checks

REGION = "eu-central-1"


def vault(checks: Checks, programs: Programs, bao: Bao) -> None:
    """Transit: both ways, rotation, versions, policies, tokens."""
    print("OpenBao", flush=True)
    library = programs.library
    bao.ask("sys/mounts/transit", {"type": "transit"})
    for name in ("orders", "other"):
        bao.ask(f"transit/keys/{name}", {})
    bao.policy("orders", "transit/encrypt/orders", "transit/decrypt/orders")
    given = {"VAULT_ADDR": bao.address, "VAULT_TOKEN": bao.token("orders")}
    keys = Keys(library, given)
    uri = "hashivault://orders"

    wrapped = keys.wrap(uri, KEY).wrapped
    checks.that("a key is wrapped as vault:v1", wrapped.startswith(b"vault:v1:"), wrapped)
    checks.opens("and unwrapped", keys.unwrap(uri, wrapped))
    checks.fails(
        "a key without a policy is refused", keys.wrap("hashivault://other", KEY), "refused", "permission denied"
    )
    root = Keys(library, {**given, "VAULT_TOKEN": openbao.ROOT})
    other = root.wrap("hashivault://other", KEY).wrapped
    checks.fails("a wrapped key of another KEK is the payload's error", keys.unwrap(uri, other), "invalid")
    changed = wrapped[:-6] + bytes([wrapped[-6] ^ 1]) + wrapped[-5:]
    checks.fails("a changed one too", keys.unwrap(uri, changed), "invalid")
    checks.fails("a truncated one too", keys.unwrap(uri, wrapped[:20]), "invalid")
    checks.fails("garbage too", keys.unwrap(uri, b"vault:v1:%%%"), "invalid")
    checks.fails(
        "a version that never was is refused or the payload's",
        keys.unwrap(uri, wrapped.replace(b":v1:", b":v9:")),
        "invalid",
    )
    checks.fails("a key that is not there is refused", root.unwrap("hashivault://nobody", wrapped), "refused")

    bao.ask("transit/keys/orders/rotate", {})
    second = keys.wrap(uri, KEY).wrapped
    checks.that("after a rotation the new version wraps", second.startswith(b"vault:v2:"), second)
    checks.opens("and the old one still opens", keys.unwrap(uri, wrapped))
    bao.ask("transit/keys/orders/config", {"min_decryption_version": 2})
    checks.fails("below min_decryption_version it is refused", keys.unwrap(uri, wrapped), "refused", "too old")
    checks.opens("the new one opens", keys.unwrap(uri, second))
    bao.ask("transit/keys/orders/config", {"min_decryption_version": 1})
    checks.opens("and the old one again, once the administrator says so", keys.unwrap(uri, wrapped))

    bao.policy("orders", "transit/encrypt/orders")
    checks.fails("a policy that takes decrypt away takes effect", keys.unwrap(uri, wrapped), "refused")
    checks.that("and leaves encrypt", bool(keys.wrap(uri, KEY).wrapped))
    bao.policy("orders", "transit/encrypt/orders", "transit/decrypt/orders")
    logins(checks, library, bao, wrapped)
    theirs = {"VAULT_SERVER_URL": bao.address, "VAULT_SERVER_TOKEN": given["VAULT_TOKEN"]}
    checks.opens("gocloud's variables serve as well", Keys(library, theirs).unwrap(uri, wrapped))
    if programs.gocloud:
        oracle(checks, programs.gocloud, keys, uri, theirs)
    matrix(checks, programs, uri, Transit(bao.address, given["VAULT_TOKEN"], "orders"), theirs)


def logins(checks: Checks, library: Path, bao: Bao, wrapped: bytes) -> None:
    """Tokens that end, are renewed, or come by AppRole."""
    uri, address = "hashivault://orders", {"VAULT_ADDR": bao.address}
    ending = Keys(library, {**address, "VAULT_TOKEN": bao.token("orders", "6s", explicit_max_ttl="6s")})
    checks.opens("a token of six seconds opens", ending.unwrap(uri, wrapped))
    renewed = bao.token("orders", "6s", renewable=True, no_default_policy=False)
    renewing = Keys(library, {**address, "VAULT_TOKEN": renewed})
    bao.ask("sys/auth/approle", {"type": "approle"})
    bao.ask("auth/approle/role/worker", {"token_policies": ["orders"], "token_ttl": "6s", "token_max_ttl": "9s"})
    role = bao.ask("auth/approle/role/worker/role-id")["data"]["role_id"]
    secret = bao.ask("auth/approle/role/worker/secret-id", {})["data"]["secret_id"]
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(secret + "\n")
        file.flush()
        worker = Keys(library, {**address, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID_FILE": file.name})
        renews = logs_in = True
        for _ in range(5):
            renews &= renewing.unwrap(uri, wrapped).data_key == KEY
            logs_in &= worker.unwrap(uri, wrapped).data_key == KEY
            time.sleep(2.5)
    checks.that("a token of six seconds that may be renewed lives on", renews)
    checks.that("AppRole logs in, renews, and logs in again after the longest life of a token", logs_in)
    checks.fails("a token that has ended is refused", ending.unwrap(uri, wrapped), "refused")
    wrong = Keys(library, {**address, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": "hush-" + secret})
    answer = wrong.unwrap(uri, wrapped)
    checks.that(
        "a wrong secret id is refused and not repeated",
        answer.outcome == "refused" and "hush" not in answer.reason,
        answer,
    )
    with tempfile.TemporaryDirectory() as home:
        Path(home, ".vault-token").write_text(bao.token("orders"))
        checks.opens("~/.vault-token serves", Keys(library, {**address, "HOME": home}).unwrap(uri, wrapped))


def away(checks: Checks, library: Path, address: str, arguments: list[str], log: Path) -> None:
    """A server that is not there, slow, sealed, and back."""
    print("away and back", flush=True)
    keys = Keys(library, {"VAULT_ADDR": address, "VAULT_TOKEN": openbao.ROOT})
    uri = "hashivault://orders"
    checks.fails("a server that is away", keys.wrap(uri, KEY), "unavailable", "connection")
    with server(arguments, openbao.health(address), log) as running:
        bao = Bao(address)
        bao.ask("sys/mounts/transit", {"type": "transit"})
        bao.ask("transit/keys/orders", {})
        wrapped = keys.wrap(uri, KEY).wrapped
        checks.opens("comes back and is used by the same handle", keys.unwrap(uri, wrapped))
        os.kill(running.pid, 19)
        before = time.monotonic()
        checks.fails("one that does not answer", keys.unwrap(uri, wrapped, timeout_ms=2000), "unavailable", "in time")
        checks.that("costs the time of one attempt", time.monotonic() - before < 3.9, time.monotonic() - before)
        os.kill(running.pid, 18)
        checks.opens("and goes on", keys.unwrap(uri, wrapped))
        child = os.fork()
        if not child:
            os._exit(keys.unwrap(uri, wrapped).data_key != KEY)
        checks.that("a forked child asks by its parent's handle", os.waitpid(child, 0)[1] == 0)
        checks.opens("and so does the parent afterwards", keys.unwrap(uri, wrapped))
        many = b"".join(request(n, 7, uri, keys.wrap(uri, KEY).wrapped) for n in range(1, 65))
        before = time.monotonic()
        answers = keys.answer(many)
        checks.that(
            "64 unwraps in one message", all(a.data_key == KEY for a in answers.values()) and len(answers) == 64
        )
        print(f"      in {time.monotonic() - before:.3f} s", flush=True)
        bao.ask("sys/seal", {}, "PUT")
        checks.fails("a sealed server", keys.unwrap(uri, wrapped), "unavailable", "sealed")


def aws(checks: Checks, programs: Programs, address: str) -> None:
    """KMS: both ways, aliases, the encryption context, roles."""
    print("AWS KMS (moto)", flush=True)
    library = programs.library
    given = {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def kms(operation: str, **body: object) -> Any:
        headers = {
            "X-Amz-Target": f"TrentService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 "
            f"Credential=test/20260101/{REGION}/kms/aws4_request, SignedHeaders=host, Signature=0",
        }
        return call(address + "/", body, headers, "POST")

    keys = Keys(library, given)
    first, second = (kms("CreateKey")["KeyMetadata"] for _ in range(2))
    kms("CreateAlias", AliasName="alias/orders", TargetKeyId=first["KeyId"])
    arn, plain = f"awskms:///{first['Arn']}", f"awskms://{first['KeyId']}?region={REGION}"
    wrapped = keys.wrap(arn, KEY).wrapped
    for what, uri in (("ARN", arn), ("id", plain), ("alias", "awskms://alias/orders")):
        checks.opens(f"by its {what}", keys.unwrap(uri, keys.wrap(uri, KEY).wrapped))
        checks.opens("and of another spelling", keys.unwrap(uri, wrapped))
    foreign = keys.wrap(f"awskms:///{second['Arn']}", KEY).wrapped
    # KMS says IncorrectKeyException here, moto AccessDeniedException: keys-client/tests/hostile.rs
    # has the first.
    checks.fails("a wrapped key of another KEK of the same role", keys.unwrap(arn, foreign), "refused")
    checks.opens("unless it is listed as an earlier target", keys.unwrap(arn, foreign, [second["Arn"]]))
    checks.fails("a changed one", keys.unwrap(arn, wrapped[:-1] + bytes([wrapped[-1] ^ 1])), "invalid")
    checks.fails("garbage", keys.unwrap(arn, b"garbage"), "invalid")
    bound = arn + "?context_app=orders&context_stage=test"
    sealed = keys.wrap(bound, KEY).wrapped
    checks.opens("an encryption context", keys.unwrap(bound, sealed))
    checks.fails("which another one does not open", keys.unwrap(arn + "?context_app=other", sealed), "invalid")
    checks.fails(
        "a key that is not there", keys.wrap(f"awskms://alias/nobody?region={REGION}", KEY), "refused", "NotFound"
    )
    endpoint = {k: v for k, v in given.items() if k != "AWS_ENDPOINT_URL"}
    checks.opens("an endpoint in the URI", Keys(library, endpoint).unwrap(f"{arn}?endpoint={address}", wrapped))
    roles(checks, library, given, arn, wrapped)
    theirs = f"{plain}&awssdk=v2"
    if programs.gocloud:
        oracle(checks, programs.gocloud, keys, theirs, given)
    matrix(checks, programs, theirs, Kms(address, REGION, first["KeyId"]), given)


def roles(checks: Checks, library: Path, given: Mapping[str, str], uri: str, wrapped: bytes) -> None:
    """Credentials that are fetched: by a web identity, and by a profile's role."""
    without = {k: v for k, v in given.items() if not k.endswith(("_ID", "_ACCESS_KEY"))}
    with tempfile.TemporaryDirectory() as home:
        token = Path(home, "token")
        token.write_text("eyJhbGciOiJub25lIn0.e30.\n")
        role = "arn:aws:iam::123456789012:role/worker"
        web = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": role, "HOME": home}
        checks.opens("a web identity", Keys(library, {**without, **web}).unwrap(uri, wrapped))
        Path(home, "config").write_text(
            f"[profile worker]\nrole_arn = {role}\nsource_profile = base\n[profile base]\naws_access_key_id = test\n"
            "aws_secret_access_key = test\n"
        )
        profile = {"AWS_CONFIG_FILE": str(Path(home, "config")), "AWS_PROFILE": "worker", "HOME": home}
        checks.opens("a profile that assumes a role", Keys(library, {**without, **profile}).unwrap(uri, wrapped))
        nobody = Keys(library, {**without, "HOME": home})
        checks.fails("no credentials", nobody.unwrap(uri, wrapped), "refused", "no credentials for AWS")


def google(checks: Checks, library: Path, address: str) -> None:
    """Google's shape: what the official client wraps and unwraps."""
    print("Google Cloud KMS (a fake, and the official Python client)", flush=True)
    names = [f"projects/p/locations/europe-west3/keyRings/r/cryptoKeys/{name}" for name in ("orders", "other")]
    clouds.Clouds.google = {name: secrets.token_bytes(32) for name in names}
    pair = rsa.generate_private_key(65537, 2048)
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "client_email": "worker@p.iam.gserviceaccount.com",
        "private_key": pem,
        "private_key_id": "1",
        "token_uri": f"http://{address}/token",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(account, file)
        file.flush()
        given = {
            "GOOGLE_APPLICATION_CREDENTIALS": file.name,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS": f"http://{address}",
        }
        keys = Keys(library, given)
        uri, other = (f"gcpkms://{name}" for name in names)
        wrapped = keys.wrap(uri, KEY).wrapped
        checks.opens("a key comes back", keys.unwrap(uri, wrapped))
    path, _, body = clouds.Clouds.asked[0]
    header, claims, signature = urllib.parse.parse_qs(body)["assertion"][0].split(".")
    said = json.loads(clouds.from_url64(claims))
    pair.public_key().verify(
        clouds.from_url64(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    checks.that(
        "the token was got by a signed assertion", path == "/token" and said["iss"] == account["client_email"], said
    )
    checks.fails("a wrapped key of another KEK", keys.unwrap(other, wrapped), "invalid")
    checks.fails("a key that is not there", keys.wrap(other + "s", KEY), "refused", "PERMISSION_DENIED")
    client = kms_v1.KeyManagementServiceClient(
        transport=KeyManagementServiceRestTransport(
            host=address,
            url_scheme="http",
            credentials=google_credentials.Credentials("of-the-test"),  # type: ignore[no-untyped-call]
        )
    )
    theirs = client.encrypt(name=names[0], plaintext=KEY).ciphertext
    checks.opens("we open what the official client wraps", keys.unwrap(uri, theirs))
    checks.that("and the other way round", client.decrypt(name=names[0], ciphertext=wrapped).plaintext == KEY)
    user = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s-of-user",
        "refresh_token": "r-of-user",
        "token_uri": f"http://{address}/token",
    }
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, ".config/gcloud")
        folder.mkdir(parents=True)
        folder.joinpath("application_default_credentials.json").write_text(json.dumps(user))
        endpoint = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS": f"http://{address}", "HOME": home}
        checks.opens("a user's credentials", Keys(library, endpoint).unwrap(uri, wrapped))


def azure(checks: Checks, library: Path, address: str) -> None:
    """Azure's shape: what the official client wraps and unwraps."""
    print("Azure Key Vault (a fake, and the official Python client)", flush=True)
    clouds.Clouds.azure = {f"orders/{version}": rsa.generate_private_key(65537, 2048) for version in ("1", "2")}
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("a.federated.token")
        file.flush()
        client = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_AUTHORITY_HOST": f"http://{address}"}
        keys = Keys(library, {**client, "AZURE_CLIENT_SECRET": "s-of-client"})
        workload = Keys(library, {**client, "AZURE_FEDERATED_TOKEN_FILE": file.name})
        first, second = (f"azurekeyvault://{address}/keys/orders/{version}" for version in ("1", "2"))
        wrapped = keys.wrap(first, KEY).wrapped
        checks.that("a wrapped key has the bytes of RSA", len(wrapped) == 256, len(wrapped))
        checks.opens("and comes back", keys.unwrap(first, wrapped))
        checks.opens("a workload's identity", workload.unwrap(first, wrapped))
        machine = {"IDENTITY_ENDPOINT": f"http://{address}/token", "IDENTITY_HEADER": "h-of-app"}
        checks.opens("a managed identity", Keys(library, machine).unwrap(first, wrapped))
    checks.fails("another version does not open it", keys.unwrap(second, wrapped), "invalid")
    checks.fails("a key that is not there", keys.wrap(second + "3", KEY), "refused", "KeyNotFound")
    checks.fails("a URI without a version does not seal", keys.wrap(first.rsplit("/", 1)[0], KEY), "refused", "version")
    parts = clouds.Clouds.azure["orders/1"].public_key().public_numbers()
    numbers = {"n": parts.n.to_bytes(256), "e": parts.e.to_bytes(3)}
    local = CryptographyClient.from_jwk({"kid": "orders", "kty": "RSA", "key_ops": ["wrapKey"], **numbers})
    theirs = local.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, KEY).encrypted_key
    checks.opens("we open what the official client wraps", keys.unwrap(first, theirs))


def oracle(checks: Checks, gocloud: Path, keys: Keys, uri: str, environment: Mapping[str, str]) -> None:
    """Every writer and every reader."""

    def run(verb: str, data: bytes) -> bytes:
        done = subprocess.run(
            [gocloud, verb, uri, base64.b64encode(data)],
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
        )
        return base64.b64decode(done.stdout) if done.returncode == 0 else done.stderr

    key = secrets.token_bytes(32)
    checks.that("gocloud opens what we wrap", run("unwrap", keys.wrap(uri, key).wrapped) == key)
    checks.that("and we open what gocloud wraps", keys.unwrap(uri, run("wrap", key)).data_key == key)


def main() -> int:
    """Starts the services, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--tdc", type=Path, required=True)
    parser.add_argument("--gocloud", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    for name in list(os.environ):
        if name.startswith(("VAULT_", "BAO_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_", "IDENTITY_")):
            del os.environ[name]
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    beside = Path(sys.executable).parent
    checks = Checks()
    root = Path(__file__).parents[2]
    programs = Programs(root, given.gocloud, given.tdc, given.library, given.folder)

    def bao(port: int) -> list[str]:
        return openbao.development_server(beside / "bao", f"127.0.0.1:{port}")

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with server(bao(port), openbao.health(address), given.folder / "bao.log"):
        vault(checks, programs, Bao(address))
    port = free_port()
    away(checks, given.library, f"http://127.0.0.1:{port}", bao(port), given.folder / "bao.log")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    moto = [str(beside / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with server(moto, f"{address}/moto-api/", given.folder / "moto.log"):
        aws(checks, programs, address)
    with clouds.serve() as address:
        google(checks, given.library, address)
        azure(checks, given.library, address)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return int(checks.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
