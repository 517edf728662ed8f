import { type Html, html } from '../../report/html-markup.ts';
import { moduleExtension } from '../modules.ts';

export interface Page {
  readonly title: string;
  /** Which of the navigation's entries it is. */
  readonly current?: 'runs' | 'new';
  readonly body: Html;
  /** Name of the module in `page/` that runs on it, without its extension. */
  readonly script?: string;
}

export function renderPage({ title, current, body, script }: Page): string {
  const link = (name: 'runs' | 'new', path: string, text: string) =>
    current === name
      ? html`<li><a href="${path}" aria-current="page">${text}</a></li>`
      : html`<li><a href="${path}">${text}</a></li>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Stampede</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
${script === undefined ? html`` : html`<script type="module" src="/modules/src/ui/page/${script}${moduleExtension}"></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="site"><span class="brand">Stampede</span><nav aria-label="Main"><ul>${link('runs', '/', 'Runs')}${link('new', '/new', 'New run')}</ul></nav></header>
<main id="content">
${body}
</main>
</body>
</html>
`.markup;
}
