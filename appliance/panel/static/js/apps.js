// Programs that one can send to, what each wants to hear and the clicks it needs: docs/apps.md.
// asked: it asks for frames itself, so the target names who may ask.

export const APPS = [
  { key: "vseeface", name: "VSeeFace", to: "vts", port: 21412, steps: 3 },
  { key: "vtubestudio", name: "VTube Studio", to: "vts", port: 8001, steps: 3 },
  { key: "vrchat", name: "VRChat", to: "vrchat", port: 9000, steps: 2 },
  { key: "warudo", name: "Warudo", to: "ifacialmocap", port: 49983, steps: 2 },
  { key: "vnyan", name: "VNyan", to: "ifacialmocap", port: 49983, asked: true, steps: 2 },
  { key: "vmagicmirror", name: "VMagicMirror", to: "ifacialmocap", port: 49983, asked: true,
    steps: 2 },
  { key: "vbridger", name: "VBridger", to: "vts", port: 21412, steps: 2 },
  { key: "vmc", to: "vmc", port: 39539, steps: 2 },
  { key: "unreal", name: "Unreal Engine", to: "livelink", port: 11111, steps: 3 },
  { key: "blender", name: "Blender", to: "livelink", port: 11111, steps: 2 },
  { key: "opentrack", name: "opentrack", to: "opentrack", port: 4242, steps: 2 },
  { key: "own", to: "kagami", port: 39600, steps: 1 },
];

// The target's text for an app at an address.
export function target(app, address) {
  const six = address.includes(":");
  const host = app.asked ? `${address}/${six ? 128 : 32}` : address;
  return `${app.to}@${six ? `[${host}]` : host}:${app.port}`;
}
