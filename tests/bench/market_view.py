"""What it costs to follow a busy feed: processor time of a MarketView, with a screen that asks it twice a second.

    .venv/bin/python tests/bench/market_view.py --rate 20000 --seconds 20

A child process makes order flow with the engine in process and serves it as a snapshot and a feed port: each message in
a write of its own, which costs the reader most, unless `--batch` puts several into one as a node does. With `--feed`,
`--snapshot`, `--username` and `--password` it follows a running market instead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import socket
import subprocess
import sys
import time

from scripted_market import LOGIN_BYTES, TIME_NS, packet

from rialto_engine import Market, _engine
from rialto_engine.market_view import MarketView

USER, PASSWORD = "FEED01", "secret"
SYMBOLS = ("ABC", "XYZ", "PQR", "LMN")
RESTING = 4_000
MOST_SECONDS = 600
DRAW_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=20_000, help="feed messages a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--batch", type=int, default=1, help="messages a write")
    parser.add_argument("--feed", action="append", help="follow this feed port (HOST:PORT) of a running market")
    parser.add_argument("--snapshot", action="append", help="with this snapshot port")
    parser.add_argument("--username", default=USER)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 0 < options.seconds <= MOST_SECONDS or min(options.rate, options.batch) < 1:
        parser.error(f"a rate and a batch of at least 1, and at most {MOST_SECONDS} seconds")
    if options.serve:
        serve(options.rate, options.seconds, options.batch)
        return
    with contextlib.ExitStack() as held:
        feeds, snapshots = options.feed, options.snapshot
        if not feeds or not snapshots:
            command = [sys.executable, __file__, "--serve", "--rate", str(options.rate), "--batch", str(options.batch)]
            path = os.pathsep.join(sys.path)
            child = held.enter_context(
                subprocess.Popen(
                    [*command, "--seconds", str(options.seconds)],
                    stdout=subprocess.PIPE,
                    text=True,
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
                )
            )
            held.callback(child.kill)
            assert child.stdout is not None
            feeds, snapshots = [child.stdout.readline().strip()], [child.stdout.readline().strip()]
        asyncio.run(measure(MarketView(feeds, snapshots, options.username, options.password), options.seconds))


async def measure(view: MarketView, seconds: float) -> None:
    """Follows for so long, looks as a screen does, and prints what that cost."""
    following = asyncio.create_task(view.run())
    while view.problem and not following.done():  # noqa: ASYNC110 -- what a screen does too
        await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    began_s, used_s, position = loop.time(), time.process_time(), view.position
    drawing_s, draws = 0.0, 0
    while loop.time() - began_s < seconds and not following.done():
        await asyncio.sleep(DRAW_S)
        before_s = time.process_time()
        for symbol in view.symbols:
            view.depth(symbol, 20)
            view.trades(symbol, 50)
        drawing_s += time.process_time() - before_s
        draws += 1
    took_s, used_s = loop.time() - began_s, time.process_time() - used_s
    rate = (view.position - position) / took_s
    print(f"{rate:,.0f} feed messages/s for {took_s:.1f} s: {100 * used_s / took_s:.1f} % of a core", end=", ")
    print(
        f"of it {100 * drawing_s / took_s:.2f} % for {draws} looks at {len(view.symbols)} instruments; {view.problem!r}"
    )
    following.cancel()
    await asyncio.wait([following])


def flow(market: Market, messages: int, dice: random.Random) -> list[bytes]:
    """So many feed messages of orders that come, trade, move and go around one price."""
    made: list[bytes] = []
    live: list[int] = []
    sides: dict[int, str] = {}
    # One for each order that rests so far.
    user_ref = market.open_orders
    while len(made) < messages:
        user_ref += 1
        chance = dice.random()
        at = dice.randrange(len(live)) if live else 0
        if live and chance < 0.35:
            live[at], live[-1] = live[-1], live[at]
            message = _engine.cancel_order(live.pop(), 0, None)
        elif live and chance < 0.5:
            sides[user_ref] = side = sides.pop(live[at])
            price = price_e4(side, dice)
            message = _engine.replace_order(live[at], user_ref, dice.randint(1, 500), price, "day", False, "", None)
            live[at] = user_ref
        else:
            side = dice.choice("BS")
            message = _engine.enter_order(
                user_ref, side, dice.randint(1, 500), dice.choice(SYMBOLS), price_e4(side, dice), "day", False, 0, ""
            )
            live.append(user_ref)
            sides[user_ref] = side
        market.client(1, message, TIME_NS)
        made += [payload for stream, _, payload in market.take_messages() if stream == 0]
    return made


def price_e4(side: str, dice: random.Random) -> int:
    """Mostly on its own side of 100.00, in cents; one in ten crosses it."""
    away = -5 if dice.random() < 0.1 else round(abs(dice.gauss(0, 30)))
    return 1_000_000 + 100 * (-away if side == "B" else away)


def serve(rate: int, seconds: float, batch: int) -> None:
    """Prints the two addresses, gives one snapshot, then sends the feed at its rate."""
    dice = random.Random(1)
    market = Market(1, 1_000_000)
    for number, symbol in enumerate(SYMBOLS, 1):
        market.define_instrument(number, symbol, 100, 1, 0, 0, TIME_NS)
    market.define_account(1, 999_999, 1 << 62, 1_000_000, TIME_NS)
    market.define_session(1, "TRADE1", 1, TIME_NS)
    market.open_day(20261121, TIME_NS)
    for nth in range(1, RESTING + 1):
        side = "BS"[nth % 2]
        price = 1_000_000 + (-100 if side == "B" else 100) * dice.randint(1, 60)
        market.client(1, _engine.enter_order(nth, side, 100, SYMBOLS[nth % 4], price, "day", False, 0, ""), TIME_NS)
    snapshot = b"".join(packet(b"S" + message) for message in market.snapshot())
    first = int(snapshot[-20:])
    market.take_messages()
    name = str(market.session_name).encode()
    packets = [packet(b"S" + message) for message in flow(market, int(rate * (seconds + 5)), dice)]
    with socket.create_server(("127.0.0.1", 0)) as feed, socket.create_server(("127.0.0.1", 0)) as snapshots:
        for server in (feed, snapshots):
            print(f"127.0.0.1:{server.getsockname()[1]}", flush=True)
        with snapshots.accept()[0] as connection:
            log_in(connection, name, 1)
            connection.sendall(snapshot)
            with feed.accept()[0] as line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                log_in(line, name, first)
                send(line, packets, rate, batch)


def log_in(connection: socket.socket, name: bytes, number: int) -> None:
    """Takes any login."""
    received = b""
    while len(received) < LOGIN_BYTES:
        received += connection.recv(LOGIN_BYTES - len(received))
    connection.sendall(packet(b"A" + name + str(number).rjust(20).encode()))


def send(line: socket.socket, packets: list[bytes], rate: int, batch: int) -> None:
    """A write for each batch of packets, at the rate."""
    began_s, sent = time.monotonic(), 0
    while sent < len(packets):
        due = min(len(packets), int((time.monotonic() - began_s) * rate))
        while sent < due:
            try:
                line.sendall(b"".join(packets[sent : sent + batch]))
            except OSError:
                return  # The parent has seen enough.
            sent += batch
        time.sleep(0.0005)


if __name__ == "__main__":
    main()
