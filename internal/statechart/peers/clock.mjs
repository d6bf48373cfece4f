// Clock runs what is due in its order, each at its own time. What was cancelled meanwhile does not run.
export class Clock {
  now = 0
  timers = new Map()
  ids = 0

  setTimeout(fn, delay) {
    this.timers.set(++this.ids, { id: this.ids, at: this.now + delay, fn })
    return this.ids
  }

  clearTimeout(id) {
    this.timers.delete(id)
  }

  advance(ms) {
    const end = this.now + ms
    for (;;) {
      const [next] = [...this.timers.values()].filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)
      if (!next) break
      this.timers.delete(next.id)
      this.now = next.at
      next.fn()
    }
    this.now = end
  }
}

// leaves of a state value, as dotted paths.
export function leaves(value, path = []) {
  if (typeof value === 'string') return [[...path, value].join('.')]
  const inner = Object.entries(value)
  if (inner.length === 0) return [path.join('.')]
  return inner.flatMap(([name, below]) => leaves(below, [...path, name]))
}
