import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../../..');

/** A piece of text that code can print, between what it fills in. */
export interface LiteralText {
  readonly file: string;
  readonly text: string;
}

/** Three words in a row: less is a label or a unit. */
const isProse = /\p{L}[\p{L}’'-]*(?:[,;:.)]? \(?\p{L}[\p{L}’'-]*){2}/u;

const isStyle = /\{ ?[\w-]+:/;

/** The literal texts of the modules that `entry` is made of, as far as they lie under `within`; of markup what stands between tags. */
export function literalTexts(entry: string, within: string): LiteralText[] {
  const found: LiteralText[] = [];
  const visited = new Set<string>();
  const visit = (file: string): void => {
    if (visited.has(file)) return;
    visited.add(file);
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) if (ts.isImportDeclaration(statement)) follow(file, statement);
    const add = (text: string): void => {
      for (const piece of text.split(/<[^>]*>?|[^<]*>/)) {
        const plain = piece.replace(/\s+/g, ' ').trim();
        if (isProse.test(plain) && !isStyle.test(plain))
          found.push({ file: path.relative(root, file), text: plain });
      }
    };
    walk(source, add);
  };
  const follow = (from: string, { moduleSpecifier, importClause }: ts.ImportDeclaration): void => {
    const { text } = moduleSpecifier as ts.StringLiteral;
    const imported = path.resolve(path.dirname(from), text);
    const isOurs = text.startsWith('.') && imported.startsWith(path.join(root, within));
    if (isOurs && importClause?.isTypeOnly !== true) visit(imported);
  };
  visit(path.join(root, entry));
  return found;
}

function walk(node: ts.Node, add: (text: string) => void): void {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
  if (ts.isThrowStatement(node) || ts.isRegularExpressionLiteral(node)) return;
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) add(node.text);
  if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) add(node.text);
  ts.forEachChild(node, (child) => walk(child, add));
}
