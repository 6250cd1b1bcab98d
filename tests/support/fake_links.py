"""A stand-in for the links' process: it answers their API and carries nothing.

What it holds of each link stands in memory, so a process that is started again has the links as declared.
"""

from __future__ import annotations

LINKS = """#!{python}
import http.server, json, os, re, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("asked to end at", time.monotonic(), flush=True), os._exit(0)))
config = json.load(open(sys.argv[2]))
if os.environ.get("RIALTO_FAKE_BROKEN") == "links" or config.get("broken"):
    sys.exit("the links' configuration is wrong")
SETTINGS = ("latency_us", "jitter_us", "bandwidth_bps", "loss_ppm")

def direction(one, other, link):
    declared = {{key: link[key] for key in SETTINGS}}
    return {{"from": one, "to": other, **declared, "cut": False, "cut_since_ns": None, "heals_at_ns": None,
            "as_declared": True, "declared": declared, "connections": 2, "queued_bytes": 0, "passed_bytes": 10,
            "lost_segments": 0}}

links = []
for link in config["links"]:
    one, other = link["between"]
    links.append({{"between": [one, other],
                  "directions": [direction(one, other, link), direction(other, one, link)]}})

{answering}
class Admin(Answering):
    def do_GET(self):
        self.answer({{"time_ns": time.time_ns(), "links": links}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        one, other, act = re.fullmatch("/v1/links/([^/]+)/([^/]+)/?(cut|heal)?", self.path).groups()
        link = next(link for link in links if {{one, other}} == set(link["between"]))
        if body.get("loss_ppm", 0) > 500_000:
            self.answer({{"error": "a loss of more than half", "where": "loss_ppm", "next": "use less"}}, 400)
            return
        for way in link["directions"]:
            if body.get("one_way") and way["from"] != one:
                continue
            if act == "heal":
                way.update(cut=False, cut_since_ns=None, heals_at_ns=None, **way["declared"])
            elif act == "cut":
                way.update(cut=True, cut_since_ns=time.time_ns())
            else:
                way.update({{key: body[key] for key in SETTINGS if key in body}})
            if "for_ms" in body:
                way["heals_at_ns"] = time.time_ns() + 1_000_000 * body["for_ms"]
            way["as_declared"] = all(way[key] == way["declared"][key] for key in SETTINGS)
        self.answer(link)

    do_PATCH = do_POST

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(config["admin_listen"].rpartition(":")[2])), Admin)
ready = {{"pid": os.getpid(), "admin": "127.0.0.1:%d" % server.server_port,
         "regions": {{region["name"]: region["listen"] for region in config["regions"]}}}}
time.sleep(config.get("slow", 0))
with open(config["ready_file"] + ".tmp", "w") as file:
    json.dump(ready, file)
os.rename(config["ready_file"] + ".tmp", config["ready_file"])
print("the links carry", flush=True)
server.serve_forever()
"""
