// The /stream of the box: comes back by itself when either end was away.

const LONGEST = 8000;       // ms between two tries
export const NOTHING = { divider: 0 };      // no frames: the state alone

export class Stream {
  constructor() {
    this.last = {};             // newest message of each type
    this.connected = false;
    this.retry = 0;             // when the next try is, ms since 1970; 0 while connected
    this.timings = [];          // [{at, ms}] of the last five minutes
    this._listeners = new Map();
    this._wanted = null;
    this._wait = 500;
    document.addEventListener("visibilitychange", () => this._turn());
  }

  // fn(message) for each message of a type; "state" when the connection changes. Ends with off().
  on(type, fn) {
    const all = this._listeners.get(type) ?? new Set();
    this._listeners.set(type, all.add(fn));
    return () => all.delete(fn);
  }

  // What frames shall hold: {points, iris, divider}.
  want(options) {
    const query = new URLSearchParams(options).toString();
    if (query !== this._wanted) {
      this._wanted = query;
      this._close();
    }
    this._turn();
  }

  _turn() {
    const watched = document.visibilityState === "visible";
    if (watched && !this._socket && this._wanted !== null) this._open();
    if (!watched) this._close();
  }

  _open() {
    clearTimeout(this._timer);
    const socket = this._socket = new WebSocket(address("stream?" + this._wanted));
    socket.onopen = () => {
      this._wait = 500;
      this._become(true, 0);
    };
    socket.onmessage = event => this._take(JSON.parse(event.data));
    socket.onclose = () => {
      if (socket === this._socket) this._again();
    };
  }

  _close() {
    clearTimeout(this._timer);
    const socket = this._socket;
    this._socket = null;
    delete this.last.frame;
    socket?.close();
  }

  _again() {
    this._socket = null;
    this._become(false, Date.now() + this._wait);
    this._timer = setTimeout(() => this._turn(), this._wait * (0.8 + 0.4 * Math.random()));
    this._wait = Math.min(LONGEST, 2 * this._wait);
  }

  _become(connected, retry) {
    this.connected = connected;
    this.retry = retry;
    if (!connected) delete this.last.frame;
    this._tell("state", this);
  }

  _take(message) {
    this.last[message.type] = message;
    if (message.type === "timing") {
      this.timings.push({ at: Date.now(), ms: message.ms });
      if (this.timings.length > 300) this.timings.shift();
    }
    if (message.type === "tracker" && !message.reachable) delete this.last.frame;
    this._tell(message.type, message);
  }

  _tell(type, message) {
    for (const fn of this._listeners.get(type) ?? []) fn(message);
  }
}

export function address(path) {
  return new URL(path, location.href.replace(/^http/, "ws").replace(/#.*/, "")).href;
}

// The face that is shown in a frame: the first that is there.
export function face(frame) {
  return frame?.faces.find(one => one.state !== "lost") ?? null;
}
