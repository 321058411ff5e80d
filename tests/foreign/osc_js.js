// Listens on the UDP ports that are named; each message that osc of npm reads becomes a line of JSON:
// [port, address, type tags, arguments], an error [port, its words].
const osc = require("osc");

for (const localPort of process.argv.slice(2).map(Number)) {
  const port = new osc.UDPPort({ localAddress: "0.0.0.0", localPort, metadata: true });
  const say = (...words) => process.stdout.write(JSON.stringify([localPort, ...words]) + "\n");
  port.on("error", error => say(String(error)));
  port.on("message", ({ address, args }) =>
    say(address, args.map(one => one.type).join(""), args.map(one => one.value)));
  port.open();
}
