type Part = string | number | Html | readonly Html[];

/**
 * A piece of markup that is safe to put into a page as it is. Its constructor is private: only `html`, and `style` for
 * style sheets of our own, make one, so that no object of a file can pass for one.
 */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  get markup(): string {
    return this.#markup;
  }

  static template(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
    let markup = texts[0]!;
    for (const [i, part] of parts.entries()) markup += markupOf(part) + texts[i + 1]!;
    return new Html(markup);
  }

  static style(sheet: string): Html {
    return new Html(`<style>${sheet}</style>`);
  }
}

/** Markup with everything put into it escaped, unless it is `Html` already: a text of a file stays a text. */
export const html = Html.template;

/** @param sheet of ours: it is not escaped */
export const style = Html.style;

/** Each item of a list is escaped by itself: a file can contain a list of any values. */
function markupOf(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (Array.isArray(part)) return part.map(markupOf).join('');
  // An object that was read from a file: its type was not checked, and its toString could return markup.
  return typeof part === 'object' ? '' : escapeText(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe in content and in quoted attributes. */
function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

export interface Column {
  readonly heading: string;
  /** Numbers are aligned right. */
  readonly isNumber?: boolean;
}

export interface Row {
  /** The first cell names the row. */
  readonly cells: readonly (string | Html)[];
  readonly tone?: 'good' | 'warning' | 'bad' | 'dim';
}

/** A table that a screen reader can read, and that scrolls by itself where the page is narrow. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): Html {
  const cell = (content: string | Html, i: number) => {
    const align = columns[i]?.isNumber === true ? 'number' : 'text';
    return i === 0
      ? html`<th scope="row" class="${align}">${content}</th>`
      : html`<td class="${align}">${content}</td>`;
  };
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ heading, isNumber }) => html`<th scope="col" class="${isNumber === true ? 'number' : 'text'}">${heading}</th>`)}</tr></thead>
<tbody>
${rows.map(({ cells, tone }) => html`<tr class="${tone ?? 'plain'}">${cells.map(cell)}</tr>\n`)}</tbody>
</table></div>`;
}

export function section(title: string, ...content: readonly Html[]): Html {
  return html`<section>
<h2>${title}</h2>
${content}
</section>
`;
}
