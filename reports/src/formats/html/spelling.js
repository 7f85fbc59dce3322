// Values that follow from their bytes, as the program that made the page spelt them.
function spelt(how, bytes) {
  const hex = (between) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join(between);
  const forms = {
    u: () => bytes.reduce((sum, one) => sum * 256 + one, 0).toString(),
    x: () => "0x" + hex(""),
    h: () => hex(""),
    b: () => hex(" "),
    m: () => hex(":"),
    6: () => ipv6(bytes),
  };
  return forms[how[0]]() + how.slice(1);
}

// An address in the form of RFC 5952 §4.
function ipv6(bytes) {
  const groups = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at] << 8) | bytes[at + 1]);
  let [best, length] = [0, 0];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) [best, length] = [from, to - from];
  }
  const text = (part) => part.map((one) => one.toString(16)).join(":");
  if (length < 2) return text(groups);
  return text(groups.slice(0, best)) + "::" + text(groups.slice(best + length));
}

function bytesOfHex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(hex.substr(2 * at, 2), 16);
  return bytes;
}
