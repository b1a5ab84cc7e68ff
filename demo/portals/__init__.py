"""Replicas of the portals in the markup of the real ones, filled from the invented world; a module a portal, called after its slug."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from demo.portals.reply import Asked, Reply
from demo.world.scene import PORTALS, WIDER, Scene

__all__ = ["HOSTS", "Asked", "Reply", "answer"]

_Portal = Callable[[Asked, Scene], Reply | None]
_REPLICAS = [import_module(name) for slug in (*PORTALS, *WIDER) if find_spec(name := f"{__name__}.{slug}")]
HOSTS: dict[str, _Portal] = {host: replica.answer for replica in _REPLICAS for host in replica.HOSTS}
_KEPT = 20_000  # answers a scene remembers; hostile addresses must not fill the memory
_SITEMAPS = {"www.storm.mg": "Sitemap: https://www.storm.mg/sitemaps/1/article-news-1.xml\n"}


def answer(asked: Asked, scene: Scene) -> Reply:
    """The portal's answer, 404 for an unknown host or path."""
    if asked.posted:
        return _made(asked, scene)
    key = (asked.host, asked.path, *(part for pair in asked.query.items() for part in pair))
    kept = scene.rendered.get(key)
    if kept is not None:
        return cast(Reply, kept)
    reply = _made(asked, scene)
    if len(scene.rendered) < _KEPT:
        scene.rendered[key] = reply
    return reply


def _made(asked: Asked, scene: Scene) -> Reply:
    portal = HOSTS.get(asked.host)
    if portal is not None and asked.path == "/robots.txt":
        robots = "User-agent: *\nDisallow: /search\n" + _SITEMAPS.get(asked.host, "")
        return Reply(body=robots.encode(), content_type="text/plain; charset=utf-8")
    reply = portal(asked, scene) if portal is not None else None
    return reply or Reply(body=b"<!DOCTYPE html><title>404</title><h1>404 Not Found</h1>", status=404)
