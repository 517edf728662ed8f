interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  /** Those whose filter ends here. */
  readonly values: Set<Value>;
}

/**
 * Values by topic filter, a tree with one node a level: matching a topic costs its depth and its wildcards, however many
 * filters there are.
 */
export class TopicTree<Value> {
  readonly #root: Node<Value> = makeNode();

  /** @param filter a valid topic filter */
  add(filter: string, value: Value): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = makeNode();
        node.children.set(level, child);
      }
      node = child;
    }
    node.values.add(value);
  }

  remove(filter: string, value: Value): void {
    removeFrom(this.#root, filter.split('/'), 0, value);
  }

  /**
   * Every value whose filter matches. A wildcard at the first level leaves out topics that begin with `$`
   * [MQTT-4.7.2-1]. `#` does not take its parent level: AWS IoT Core differs from [MQTT-4.7.1-2] there.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences
   */
  match(topic: string): Value[] {
    const found: Value[] = [];
    collect(this.#root, topic.split('/'), 0, found);
    return found;
  }
}

function makeNode<Value>(): Node<Value> {
  return { children: new Map(), values: new Set() };
}

function collect<Value>(node: Node<Value>, levels: readonly string[], depth: number, found: Value[]): void {
  const level = levels[depth];
  if (level === undefined) {
    found.push(...node.values);
    return;
  }
  const exact = node.children.get(level);
  if (exact !== undefined) collect(exact, levels, depth + 1, found);
  if (depth === 0 && level.startsWith('$')) return;
  const any = node.children.get('+');
  if (any !== undefined) collect(any, levels, depth + 1, found);
  const rest = node.children.get('#');
  if (rest !== undefined) found.push(...rest.values);
}

/** @returns whether the node is empty now and can go */
function removeFrom<Value>(
  node: Node<Value>,
  levels: readonly string[],
  depth: number,
  value: Value,
): boolean {
  const level = levels[depth];
  if (level === undefined) {
    node.values.delete(value);
  } else {
    const child = node.children.get(level);
    if (child !== undefined && removeFrom(child, levels, depth + 1, value)) node.children.delete(level);
  }
  return node.values.size === 0 && node.children.size === 0;
}
