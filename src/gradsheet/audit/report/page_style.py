"""The style of the page: colors for light and dark, the screen and paper."""

# For each use the ink and the paper, light and dark. Each pair has a contrast of 4.5 or more.
_COLOURS = {
    "page": ("#1f2328", "#ffffff", "#e6e9ed", "#14171c"),
    "card": ("#1f2328", "#f5f7f9", "#e6e9ed", "#1d2229"),
    "quiet": ("#57606a", "#f5f7f9", "#a9b2bd", "#1d2229"),
    "link": ("#0a4ea3", "#f5f7f9", "#86bdff", "#1d2229"),
    "right": ("#115529", "#dcf5e3", "#97e3ad", "#12351f"),
    "wrong": ("#8a1c11", "#ffe1dc", "#ffb9af", "#4a1c16"),
    "gray": ("#434b54", "#e9edf1", "#c5ccd5", "#2c323b"),
    "cut": ("#6e150c", "#ffc8c0", "#ffe0db", "#74251c"),
    "put": ("#0b4720", "#b3efc2", "#d6f9df", "#175c2e"),
    "heat1": ("#3d1410", "#fde3df", "#ffd9d3", "#45201c"),
    "heat2": ("#3d1410", "#f8b9b0", "#ffe6e2", "#6d2b24"),
    "heat3": ("#250a07", "#e8857a", "#ffffff", "#98372d"),
    "heat4": ("#ffffff", "#a32a1d", "#2a0a06", "#f2a397"),
}

_STYLE = """
*{box-sizing:border-box}
body{margin:0;color:var(--page-ink);background:var(--page-paper);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;
overflow-wrap:anywhere}
main{max-width:80rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.3rem;margin:0 0 .25rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
h4{font-size:1rem;margin:0}
p{margin:.4rem 0}
a{color:var(--link-ink)}
.quiet{color:var(--quiet-ink)}
.file{max-width:66rem;border-top:2px solid var(--gray-paper);margin-top:2rem;padding-top:1.25rem}
.verdict{display:inline-block;font-weight:600;padding:.1rem .6rem;border-radius:.4rem}
.right{color:var(--right-ink);background:var(--right-paper)}
.unreadable{color:var(--cut-ink);background:var(--cut-paper)}
.wrong{color:var(--wrong-ink);background:var(--wrong-paper)}
.given,.not-read,.not-checked,.partly-read,.no-table,.own{color:var(--gray-ink);background:var(--gray-paper)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}
.facts dt{color:var(--quiet-ink)}
.facts dd{margin:0}
.strip{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(4.3rem,1fr));
gap:3px;margin:.75rem 0 .25rem;padding:0;font-size:.8rem;line-height:1.3}
.strip li{position:relative;border-radius:.3rem;padding:.2rem .35rem}
.strip .wrong{outline:2px solid var(--wrong-ink);outline-offset:-2px}
.strip .not-read,.strip .not-checked{outline:1px dashed var(--gray-ink);outline-offset:-1px}
.strip a{color:inherit}
.strip .top{display:flex;justify-content:space-between}
.strip b,.strip i{display:block;font-style:normal;max-height:2.6em;overflow:hidden}
.card{color:var(--card-ink);background:var(--card-paper);border-left:5px solid var(--wrong-ink);
border-radius:.3rem;margin:.75rem 0;padding:.7rem 1rem}
.card p{margin:.3rem 0}
.card .kind{font-weight:600}
.formulas{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .75rem;margin:.5rem 0 .2rem}
.formulas dt{color:var(--quiet-ink)}
.formulas dd{margin:0}
code{font:.9em/1.6 ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace;
white-space:pre-wrap}
del,ins{border-radius:.2rem}
del{color:var(--cut-ink);background:var(--cut-paper);text-decoration:underline wavy}
ins{color:var(--put-ink);background:var(--put-paper);text-decoration:underline}
.rules article{max-width:48rem}
.remarks{color:var(--quiet-ink);font-size:.92rem;padding-left:1.2rem;margin:.5rem 0}
.remarks li{margin:.3rem 0}
.tally{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;margin:.75rem 0;padding:0}
.tally li{padding:.25rem .75rem;border-radius:.4rem}
.tally b{font-size:1.25rem}
.controls{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;margin:.75rem 0}
.controls[hidden]{display:none}
.controls input,.controls select{font:inherit;font-size:.9rem;max-width:17rem;padding:.15rem .3rem}
.scroll{position:relative;overflow:auto;max-height:85vh;margin:1rem 0}
table{border-collapse:separate;border-spacing:0;font-size:.9rem}
th,td{border:1px solid var(--page-paper)}
th{font-weight:600;text-align:left}
thead th{vertical-align:bottom;position:sticky;top:0;z-index:1;background:var(--page-paper);
border-bottom:2px solid var(--gray-paper);padding:.1rem .3rem}
thead .kind span{display:block;writing-mode:vertical-rl;transform:rotate(180deg);
height:13rem;line-height:1.2;font-weight:500;overflow-wrap:break-word}
tbody th{font-weight:400;white-space:nowrap;max-width:22rem;overflow:hidden;
text-overflow:ellipsis;padding-right:.5rem}
tbody th,tfoot th,thead th:first-child{position:sticky;left:0;background:var(--page-paper)}
thead th:first-child{z-index:2}
tfoot th,tfoot td{font-weight:600}
td{min-width:2.2rem;padding:.1rem .3rem;text-align:center}
td.state{text-align:left;white-space:nowrap;padding:.1rem .5rem}
td.state[colspan]{white-space:normal}
td.state span{display:block;max-width:40rem}
.heat1{color:var(--heat1-ink);background:var(--heat1-paper)}
.heat2{color:var(--heat2-ink);background:var(--heat2-paper)}
.heat3{color:var(--heat3-ink);background:var(--heat3-paper)}
.heat4{color:var(--heat4-ink);background:var(--heat4-paper)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
:target{scroll-margin-top:1rem;outline:2px solid var(--link-ink);outline-offset:3px}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--link-ink);outline-offset:2px}
@media (max-width:34rem){main{padding:.75rem}.facts,.formulas{grid-template-columns:1fr;gap:0}
.facts dd,.formulas dd{margin-bottom:.35rem}tbody th{max-width:10.5rem}
.overview .kind{display:none}
.controls label{display:grid;grid-template-columns:5rem 1fr;width:100%}
.controls input,.controls select{max-width:none;width:100%}}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}table{font-size:8.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.card,.strip,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}
.scroll{overflow:visible;max-height:none}thead th{position:static}.controls{display:none}
.overview~.file{break-before:page;border:0;margin:0;padding:0}.back{display:none}}
"""


def style_sheet() -> str:
    """The whole style sheet."""
    light, dark = (_scheme(number) for number in (0, 2))
    return f"\n{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}{_STYLE}"


def _scheme(ink: int) -> str:
    named = (
        f"--{name}-ink:{colors[ink]};--{name}-paper:{colors[ink + 1]};"
        for name, colors in _COLOURS.items()
    )
    return f":root{{{''.join(named)}}}"
