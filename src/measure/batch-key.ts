/**
 * A name for a batch of messages that depends on their ids and not on their order: each id is hashed on its own and the
 * hashes are added up. A batch that is delivered again gets the name it had, so its window replaces the first one.
 * 64 bits: among 100,000 windows of a run two meet once in four billion runs.
 */
export class BatchKey {
  #count = 0;
  #low = 0;
  #high = 0;

  add(messageId: string): void {
    // FNV-1a, two lanes with different seeds and primes.
    let low = 0x811c9dc5;
    let high = 0x9747b28c;
    for (let i = 0; i < messageId.length; i++) {
      const character = messageId.charCodeAt(i);
      low = Math.imul(low ^ character, 0x01000193);
      high = Math.imul(high ^ character, 0x85ebca6b);
    }
    this.#count++;
    this.#low = (this.#low + avalanche(low)) | 0;
    this.#high = (this.#high + avalanche(high)) | 0;
  }

  /** `1000-9f3c0a1b5d7e2468`: the number of messages, then the hash. */
  toString(): string {
    return `${this.#count}-${hex(this.#high)}${hex(this.#low)}`;
  }
}

/** Murmur3's finalizer: without it, sums of hashes of similar ids would be similar. */
function avalanche(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
