"""The look of shaded texts: one hue, told apart by lightness alone, in light and dark."""

from __future__ import annotations

LEVELS = 8
# Opacity of every step over the page's own ground; text stays readable on all of them.
_LIGHT = (0.0, 0.1, 0.2, 0.31, 0.43, 0.56, 0.7, 0.86)
_DARK = (0.0, 0.12, 0.23, 0.34, 0.46, 0.58, 0.71, 0.85)


def _steps(opacities: tuple[float, ...]) -> str:
    return "".join(f"--tm-{step}:{value};" for step, value in enumerate(opacities))


_SHADES = "".join(
    f".token-map .tm-{step}{{background:rgb(var(--tm-hue)/var(--tm-{step}))}}"
    for step in range(LEVELS)
)
_DAY = (
    "--tm-hue:240 138 36;--tm-ground:#fff;--tm-ink:#1b1f24;--tm-soft:#57606a;--tm-line:#c9d1d9;"
    + _steps(_LIGHT)
)
_NIGHT = (
    "--tm-hue:176 84 8;--tm-ground:#14181e;--tm-ink:#f0f3f6;--tm-soft:#a5afba;--tm-line:#4b545e;"
    + _steps(_DARK)
)

STYLE = f"""
.token-map{{{_DAY}margin:1rem 0;padding:.5rem .7rem 0;border-radius:.3rem;
background:var(--tm-ground);color:var(--tm-ink);line-height:1.5;position:relative}}
.text_html:has(>.token-map){{background:none!important;padding:0!important}}
@media(prefers-color-scheme:dark){{html:not([data-theme=light]) .token-map{{{_NIGHT}}}}}
html[data-theme=dark] .token-map,body[data-jp-theme-light=false] .token-map,
body.vscode-dark .token-map{{{_NIGHT}}}
body[data-jp-theme-light=true] .token-map,body.vscode-light .token-map{{{_DAY}}}
.token-map p{{margin:0;text-align:left;color:inherit}}
.token-map .tm-legend{{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:center;
font-size:.8rem;font-style:normal;color:var(--tm-soft);margin:0 0 .6rem;text-align:left}}
.token-map .tm-scale{{display:inline-flex}}
.token-map .tm-step{{min-width:2.3rem;padding:.1rem .25rem;text-align:center;color:var(--tm-ink);
border:1px solid var(--tm-line);border-left-width:0}}
.token-map .tm-step:first-child{{border-left-width:1px}}
.token-map .tm-sample{{position:relative;padding:.5rem 0;border-top:1px solid var(--tm-line)}}
.token-map .tm-head{{font-size:.8rem;color:var(--tm-soft)}}
.token-map .tm-id{{font-variant-numeric:tabular-nums;font-weight:600}}
.token-map .tm-text{{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.75;unicode-bidi:isolate}}
.token-map .tm-t{{border-radius:.2em;padding:.1em 0;box-decoration-break:clone;
-webkit-box-decoration-break:clone;cursor:default}}
.token-map .tm-mark{{text-decoration:underline 2px;text-underline-offset:.25em}}
.token-map .tm-special,.token-map .tm-cut{{color:var(--tm-soft);font-size:.85em}}
.token-map .tm-special{{color:var(--tm-ink)}}
.token-map .tm-t:hover,.token-map .tm-t:focus{{outline:2px solid var(--tm-ink);outline-offset:1px}}
.token-map .tm-tip{{display:none;position:absolute;left:0;right:0;top:calc(100% - .3rem);z-index:9;
flex-wrap:wrap;gap:.2rem .8rem;align-items:center;padding:.4rem .6rem;pointer-events:none;
background:var(--tm-ground);color:var(--tm-ink);border:1px solid var(--tm-soft);border-radius:.3rem;
font-size:.85rem;line-height:1.35;white-space:normal;text-decoration:none;direction:ltr;
box-shadow:0 2px 8px rgb(0 0 0/.25)}}
.token-map .tm-t:hover>.tm-tip,.token-map .tm-t:focus>.tm-tip{{display:flex}}
.token-map .tm-text:hover .tm-t:focus:not(:hover)>.tm-tip{{display:none}}
.token-map .tm-losses{{display:inline-flex;flex-wrap:wrap;gap:.1rem .7rem;
font-variant-numeric:tabular-nums}}
.token-map .tm-losses i{{font-style:normal;color:var(--tm-soft);margin-right:.25rem;font-size:.9em}}
.token-map .tm-tip svg{{flex:none;width:6rem;height:1.75rem;border-bottom:1px solid var(--tm-line)}}
.token-map .tm-tip polyline{{stroke:var(--tm-ink);stroke-width:1.8;fill:none}}
.token-map .tm-room{{height:5.5rem}}
.token-map .tm-hidden{{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap;display:block;margin:0;border:0}}
{_SHADES}
""".replace("\n", "")
