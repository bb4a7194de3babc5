import { Markup } from '../../../html.ts'

/** How the page looks, by day and by night. */
export const style = new Markup(`
:root{color-scheme:light dark;--kept:#2e9e5b;--equivalent:#4f9bd9;--resolved:#8a63d2;--superseded:#c4a000;--dropped:#d1453b;--line:#8888;--good:light-dark(#1b7a41,#4cc27f);--bad:light-dark(#c0362c,#ff8a80)}
body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;border-left:.4rem solid var(--superseded);padding-left:.7rem}
h1.pass{border-color:var(--kept)}h1.fail{border-color:var(--dropped)}
h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
pre{overflow-x:auto;background:#8881;padding:.6rem;margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
code,pre{font:13px/1.4 ui-monospace,monospace}
.sides{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.5rem}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}
svg{max-width:100%;height:auto}svg text{fill:currentColor;font:13px system-ui,sans-serif}
.kept{fill:var(--kept)}.equivalent{fill:var(--equivalent)}.resolved{fill:var(--resolved)}.superseded{fill:var(--superseded)}.dropped{fill:var(--dropped)}
.arc{fill:none;stroke:var(--dropped);stroke-width:1.5}.arc.alike{stroke:var(--equivalent)}.arc.blamed{stroke:var(--superseded)}
.spine{stroke:var(--line);stroke-width:2}.out{fill:none;stroke:var(--dropped);stroke-width:2}.idle{fill:none;stroke:var(--line);stroke-width:2}
`)
