import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** An error class: what it is called in the output for machines, and what its docstring says. */
interface ErrorEntry {
  readonly code: string;
  readonly exit: string;
  readonly meaning: string;
  readonly file: string;
}

const exitCodeNumbers: Readonly<Record<string, string>> = {
  internalError: '1',
  badUsage: '2',
  refusedByPreflight: '3',
  thresholdsFailed: '99',
  stoppedByUser: '130',
};

/** `docs/errors.md`: the codes of all errors that Stampede raises on purpose, read from their classes. */
export function makeErrorIndex(): string {
  const entries = globSync('src/**/*.ts').sort().flatMap(entriesOf);
  const rows = entries
    .sort((a, b) => a.code.localeCompare(b.code) || a.file.localeCompare(b.file))
    .map(({ code, exit, meaning, file }) => `| \`${code}\` | ${exit} | ${meaning} | [${file}](../${file}) |`);
  return `# Error codes

Every error that Stampede raises on purpose has a code: \`error.code\` of the library. The message says what happened, and a line
that begins with \`→\` what to do. An error without a code is a defect of Stampede: \`STAMPEDE_DEBUG=1\` shows where it is.

| code | exit code | meaning | raised in |
|---|---|---|---|
${rows.join('\n')}

This page is generated from the classes: \`npm run schemas\`.
`;
}

function entriesOf(file: string): ErrorEntry[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const entries: ErrorEntry[] = [];
  source.forEachChild((node) => {
    if (!ts.isClassDeclaration(node) || node.name === undefined) return;
    const base = node.heritageClauses?.[0]?.types[0]?.expression.getText();
    const superCall = base === 'StampedeError' ? callOf(node) : undefined;
    const [code] = superCall?.arguments ?? [];
    if (superCall === undefined || code === undefined || !ts.isStringLiteral(code)) return;
    const meaning = meaningOf(node, source);
    if (meaning === '')
      throw new Error(`${file}: ${node.name.text} has no docstring, which docs/errors.md needs`);
    entries.push({ code: code.text, exit: exitOf(superCall), meaning, file });
  });
  return entries;
}

/** The call of `super` in a class. */
function callOf(node: ts.Node): ts.CallExpression | undefined {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) return node;
  return ts.forEachChild(node, callOf);
}

function exitOf(call: ts.CallExpression): string {
  const [, name = 'internalError'] = /exitCodes\.(\w+)/.exec(call.getText()) ?? [];
  return exitCodeNumbers[name] ?? name;
}

function meaningOf(node: ts.ClassDeclaration, source: ts.SourceFile): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = comment === undefined ? '' : comment.getText(source);
  return text
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/ Exit code \d+\./, '')
    .replaceAll('|', '\\|')
    .trim();
}
