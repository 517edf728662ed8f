import { createHash } from 'node:crypto';
import { type Html, html, style } from './html-markup.ts';

/**
 * The head of a page that loads nothing and has no script.
 * @param css the only style that the page may use
 */
export function renderHead(title: string, css: string): Html {
  const styleHash = createHash('sha256').update(css).digest('base64');
  return html`<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'none'; base-uri 'none'">
<title>${title}</title>
${style(css)}
</head>`;
}
