// oscquery of npm looks for a service whose name begins with Kagami by multicast DNS, or asks at
// HOST PORT; what it reads in the tree becomes one line of JSON.
const { OSCQueryDiscovery } = require("oscquery");

const discovery = new OSCQueryDiscovery();
const [host, port] = process.argv.slice(2);

function tell(service) {
  const nodes = service.flat().map(node => [node.full_path, node.arguments && node.arguments.map(
    argument => [argument.type, argument.value, argument.range || null])]);
  const { name, oscPort, oscTransport } = service.hostInfo;
  const told = JSON.stringify({ at: [service.address, service.port], name, oscPort, oscTransport, nodes });
  process.stdout.write(told + "\n", () => process.exit(0));
}

if (host) {
  discovery.queryNewService(host, Number(port)).then(tell, error => {
    console.error(String(error));
    process.exit(1);
  });
} else {
  discovery.on("up", service => service.hostInfo.name.startsWith("Kagami") && tell(service));
  discovery.start();
}
