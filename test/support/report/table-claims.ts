/** What a page states outside of its sentences: tiles, captions of tables and plots, and each row of a table, as one line of text each. */
export function claimsOfPage(html: string): string[] {
  const page = html.replace(/<style>[\s\S]*?<\/style>/g, '');
  const captions = [...page.matchAll(/<(caption|figcaption|title|h2|summary)(?: [^>]*)?>([\s\S]*?)<\/\1>/g)];
  const tiles = [...page.matchAll(/<dt>([\s\S]*?)<\/dt><dd>([\s\S]*?)<\/dd>/g)];
  return [
    ...captions.map(([, tag, text = '']) => `${tag}: ${plainTextOf(text)}`),
    ...tiles.map(([, name = '', value = '']) => `tile ${plainTextOf(name)}: ${plainTextOf(value)}`),
    ...[...page.matchAll(/<table>([\s\S]*?)<\/table>/g)].flatMap(([, table = '']) => rowsOf(table)),
  ];
}

/** `row of CAPTION | HEADING: cell | …` */
function rowsOf(table: string): string[] {
  const caption = plainTextOf(/<caption>([\s\S]*?)<\/caption>/.exec(table)?.[1] ?? '');
  const [head = [], ...body] = [...table.matchAll(/<tr(?: [^>]*)?>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<(th|td)(?: [^>]*)?>([\s\S]*?)<\/\1>/g)].map(([, , cell = '']) => plainTextOf(cell)),
  );
  return body.map((row) =>
    [`row of ${caption}`, ...row.map((cell, i) => `${head[i] ?? ''}: ${cell}`)].join(' | '),
  );
}

export function plainTextOf(markup: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
  return markup
    .replace(/<br>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => entities[name]!)
    .replace(/\s+/g, ' ')
    .trim();
}

const mostColumns = 100;

/**
 * Everything that a terminal summary of 100 columns states: its lines, those joined that were broken for the width.
 * @param isWhole whether a line is a sentence that ends there
 */
export function claimsOfTerminal(summary: string, isWhole: (claim: string) => boolean): string[] {
  const claims: string[] = [];
  let before = '';
  for (const line of summary.split('\n')) {
    const isWholeAlready = claims.length > 0 && claims.at(-1)!.endsWith('.') && isWhole(claims.at(-1)!);
    if (isContinued(before, line) && !isWholeAlready) claims.push(`${claims.pop()} ${line.trim()}`);
    else if (line.trim() !== '') claims.push(line.trim());
    before = line;
  }
  return claims.map((claim) => turnEquation(claim.replace(/\s+/g, ' ').replace(/^- /, '')));
}

function isContinued(before: string, line: string): boolean {
  const text = line.trim();
  if (text === '' || before === '' || text.startsWith('* ')) return false;
  if (/^\+ /.test(text)) return true;
  const isTable = /\S {2,}\S/.test(before.trim()) || /^\s*\S+( +-?[\d.,]+( m?s)?){3,}$/.test(before);
  return !isTable && before.length + 1 + text.split(' ')[0]!.length > mostColumns;
}

/** `sent 9 = acked 8 + failed 1` as the page has it: `9 sent = 8 acked + 1 failed`. */
function turnEquation(claim: string): string {
  if (!/^[a-z ]+ [\d,]+ = [a-z -]+ [\d,]+/.test(claim)) return claim;
  return claim.replace(/([a-z](?:[a-z -]*[a-z])?) ([\d,]+)/g, '$2 $1');
}
