import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * Nothing in src and functions writes variables of its process: clients get their configuration as arguments. Fails on every
 * write to `process.env`, and on a name for it whose type allows writing.
 * `node scripts/check-environment.ts [file …]`; without files: all of src and functions.
 */
const files = process.argv.slice(2);
const tracked =
  files.length > 0
    ? files
    : execFileSync('git', ['ls-files', '-z', 'src', 'functions'], { encoding: 'utf8' })
        .split('\0')
        .filter((file) => file.endsWith('.ts'));

let found = 0;
for (const file of tracked) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  visit(source, source);
}
if (found > 0) {
  console.error(`\n${found} writes to process.env: pass the value as an argument`);
  process.exitCode = 1;
}

function visit(node: ts.Node, source: ts.SourceFile): void {
  const why = writesTo(node);
  if (why !== undefined) {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    console.error(`${source.fileName}:${line + 1}: ${why}: ${node.getText().split('\n')[0]}`);
    found++;
  }
  ts.forEachChild(node, (child) => visit(child, source));
}

function writesTo(node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind) && isOfEnvironment(node.left))
    return 'is assigned to';
  if (ts.isDeleteExpression(node) && isOfEnvironment(node.expression)) return 'is deleted from';
  if (ts.isCallExpression(node) && isMutator(node.expression) && isOfEnvironment(node.arguments[0]))
    return 'is changed by a call';
  if (
    (ts.isVariableDeclaration(node) || ts.isParameter(node)) &&
    ts.isIdentifier(node.name) &&
    isEnvironment(node.initializer) &&
    !/\bReadonly</.test(`${node.type?.getText() ?? ''} ${node.initializer?.getText()}`)
  )
    return 'has a name that can be written to';
  return undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** `Object.assign`, `Object.defineProperty`, `Reflect.set`, … */
function isMutator(callee: ts.Expression): boolean {
  return /^(Object\.(assign|define\w+)|Reflect\.(set|delete|define)\w*)$/.test(callee.getText());
}

/** `process.env`, or something in it. */
function isOfEnvironment(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  if (isEnvironment(node)) return true;
  return (
    (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) &&
    isOfEnvironment(node.expression)
  );
}

function isEnvironment(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node)) return isEnvironment(node.expression);
  return /^process(\.env|\['env'\])$/.test(node.getText());
}
