"""`python -m demo serve`: the invented news world, until a signal ends it. `python -m demo play`: the whole product on it."""

import argparse
import json
import os
import sys
from pathlib import Path

from demo.app import Options
from demo.serve import Running, World, moment, serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("serve", help="serve the world on 127.0.0.1")
    command.add_argument("--port", type=int, default=8700, help="of portals, inbox and webhooks; 0 takes a free one")
    command.add_argument("--smtp-port", type=int, default=8725, help="of the mail server; 0 takes a free one")
    command.add_argument(
        "--articles",
        type=int,
        default=0,
        metavar="N",
        help="how many stand there from phase 4 on; begins there unless --phase says otherwise",
    )
    command.add_argument("--phase", type=int, default=None, metavar="P", help="where the world begins (default 0)")
    command.add_argument("--now", type=moment, default=None, metavar="ISO", help="freeze the world's clock at this time, with zone")
    command.add_argument("--advance", type=float, default=None, metavar="SECONDS", help="go to the next phase by itself, this often")
    command.add_argument(
        "--state", type=Path, default=Path("demo-state"), metavar="DIR", help="keeps mails and events (default ./demo-state)"
    )
    command.add_argument(
        "--hook-secret",
        default=os.environ.get("DEMO_HOOK_SECRET") or None,
        metavar="whsec_…",
        help="or DEMO_HOOK_SECRET; else DIR/hook_secret",
    )
    return parser.parse_args()


def main() -> int:
    """0 after Ctrl-C, 1 where a port is taken, 2 for wrong use; SIGTERM stops it in order and is then the exit status."""
    if sys.argv[1:2] == ["play"]:
        from demo.play import main as play

        return play(sys.argv[2:])
    given = _arguments()
    try:
        world = World(now=given.now, articles=given.articles, phase=given.phase)
        options = Options(hook_secret=given.hook_secret, smtp_port=given.smtp_port, advance=given.advance)
        serve(world, given.state, options, port=given.port, ready=_told)
    except OSError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _told(running: Running) -> None:
    print(json.dumps({"url": running.url, "smtp_port": running.smtp_port}), flush=True)
    print(f"demo: {running.url}/ at phase {running.world.phase}, mail at port {running.smtp_port}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
