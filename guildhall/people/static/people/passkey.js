/* Passkeys: a form with data-passkey="get" or "create" is shown where the browser knows passkeys. When it is sent, the browser
   is asked for a passkey first, and the answer goes along in the field "credential".
   data-options is where the question is: "#id" of JSON in the page, or an address that answers with it. */

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const decodeId = (credential) => ({ ...credential, id: decode(credential.id) });

function question(options, kind) {
  const asked = { ...options.publicKey, challenge: decode(options.publicKey.challenge) };
  if (kind === "get") {
    return { ...asked, allowCredentials: (asked.allowCredentials || []).map(decodeId) };
  }
  return {
    ...asked,
    user: decodeId(asked.user),
    excludeCredentials: (asked.excludeCredentials || []).map(decodeId),
    // Every passkey opens the account on its own: the device keeps it and makes sure that it is its owner.
    authenticatorSelection: {
      ...asked.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
    },
  };
}

function answer(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = encode(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function read(source) {
  if (source.startsWith("#")) return JSON.parse(document.querySelector(source).textContent);
  const response = await fetch(source, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()).request_options;
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const status = form.querySelector("[role=status]");
  status.textContent = "";
  try {
    const kind = form.dataset.passkey;
    const credential = await navigator.credentials[kind]({ publicKey: question(await read(form.dataset.options), kind) });
    form.elements.credential.value = JSON.stringify(answer(credential));
    form.submit();
  } catch (error) {
    // Whoever closed the browser's window knows that; everything else is said.
    if (error.name !== "NotAllowedError") status.textContent = form.dataset.failed;
  }
}

// Passkeys belong to a name: browsers refuse them under an address of digits.
const possible = window.PublicKeyCredential && window.isSecureContext && !/^[\d.]+$|^\[/.test(location.hostname);
for (const form of document.querySelectorAll("[data-passkey]")) {
  form.hidden = !possible;
  form.addEventListener("submit", send);
}
for (const note of document.querySelectorAll("[data-no-passkey]")) note.hidden = Boolean(possible);
