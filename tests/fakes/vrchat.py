"""VRChat as the network sees it: it announces a loopback address, and shows its avatar over HTTP.

    python -m tests.fakes.vrchat NAME PORT [AVATAR [TTL]]     until SIGTERM, with a goodbye
"""
import asyncio
import json
import signal
import socket
import sys

from aiohttp import web
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

KIND = "_oscjson._tcp.local."


def pages(avatar, parameters, port=9000):
    """{path: page} of somebody who wears `avatar`; parameters: {name: tag}."""
    here = "/avatar/parameters/"
    inner = {name: {"FULL_PATH": here + name, "TYPE": tag, "ACCESS": 3, "VALUE": [0]}
             for name, tag in parameters.items()}
    return {"/": {"NAME": "VRChat", "OSC_IP": "127.0.0.1", "OSC_PORT": port,
                  "OSC_TRANSPORT": "UDP"},
            "/avatar/change": {"FULL_PATH": "/avatar/change", "TYPE": "s", "VALUE": [avatar]},
            "/avatar/parameters": {"FULL_PATH": "/avatar/parameters", "CONTENTS": inner}}


async def serve(shown, port=0):
    """An AppRunner that shows {path: page}, and the port where it listens."""
    async def answer(request):
        page = shown.get(request.path)
        return web.Response(status=200 if page else 404, text=json.dumps(page))
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "0.0.0.0", port)
    await site.start()
    return runner, site._server.sockets[0].getsockname()[1]


async def _main(name, port, avatar="avtr_one", ttl=120):
    shown = pages(avatar, {"FT/v2/JawOpen": "f", "Clothes": "T", "v2/EyeLidLeft": "f"})
    runner, port = await serve(shown, int(port))
    zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
    info = AsyncServiceInfo(KIND, "%s.%s" % (name, KIND), port, properties={"txtvers": "1"},
                            addresses=[socket.inet_aton("127.0.0.1")], server=name + ".local.",
                            host_ttl=int(ttl))
    await zeroconf.async_register_service(info)
    print("announced", flush=True)
    stop = asyncio.get_event_loop().create_future()
    asyncio.get_event_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    await stop
    await zeroconf.async_close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.get_event_loop_policy().new_event_loop().run_until_complete(_main(*sys.argv[1:]))
