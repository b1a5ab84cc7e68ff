"""Replicas of four portals in the markup of the real ones, filled from the invented world."""

from collections.abc import Callable
from typing import cast

from demo.portals import bbc_zh, dw_zh, park6, storm_mg
from demo.portals.reply import Asked, Reply
from demo.world.scene import Scene

__all__ = ["HOSTS", "Asked", "Reply", "answer"]

_Portal = Callable[[Asked, Scene], Reply | None]
HOSTS: dict[str, _Portal] = {
    "www.storm.mg": storm_mg.answer,
    "www.6parknews.com": park6.answer,
    "local.6parknews.com": park6.answer,
    "www.dw.com": dw_zh.answer,
    "rss.dw.com": dw_zh.answer,
    "www.bbc.com": bbc_zh.answer,
    "feeds.bbci.co.uk": bbc_zh.answer,
}
_KEPT = 20_000  # answers a scene remembers; hostile addresses must not fill the memory
_SITEMAPS = {"www.storm.mg": "Sitemap: https://www.storm.mg/sitemaps/1/article-news-1.xml\n"}


def answer(asked: Asked, scene: Scene) -> Reply:
    """The portal's answer, 404 for an unknown host or path."""
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
