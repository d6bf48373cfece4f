import dagre from '@dagrejs/dagre';
import {
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useMemo } from 'react';
import type { Case, WorkflowDetail } from '@/api';
import { useFormats, useT } from '@/i18n';
import { usePreferences } from '@/session';
import { cx } from '@/ui';
import type { NextStep, Visit } from './path';
import '@xyflow/react/dist/style.css';
import './graph.css';

interface StateData extends Record<string, unknown> {
  title: string;
  detail: string;
  now: boolean;
  visited: boolean;
  possible: boolean;
  final: boolean;
}

const width = 172;
const height = 52;

function StateNode({ data }: NodeProps<Node<StateData>>) {
  return (
    <div
      className={cx(
        'flex h-[52px] w-[172px] flex-col justify-center rounded-md border bg-surface px-2.5 text-left',
        data.final && 'border-2 border-double',
        data.now
          ? 'border-accent bg-accent-soft'
          : data.visited
            ? 'border-line-strong'
            : 'border-dashed border-line-strong',
        !data.now && !data.visited && !data.possible && 'opacity-60',
      )}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className={cx('truncate text-sm', data.now && 'font-semibold text-accent-ink')}>{data.title}</span>
      <span className="truncate text-xs text-muted">{data.detail}</span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

interface WayData extends Record<string, unknown> {
  points: { x: number; y: number }[];
  label: string;
  at: { x: number; y: number };
  kind: 'gone' | 'possible' | 'other';
}

/** A curve through the points of the layout, so that ways keep clear of states and of each other's names. */
export function curve(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  const parts = [`M${first.x},${first.y}`];
  for (let n = 0; n < rest.length - 1; n++) {
    const a = rest[n];
    const b = rest[n + 1];
    if (!a || !b) continue;
    const end = n === rest.length - 2 ? b : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    parts.push(`Q${a.x},${a.y} ${end.x},${end.y}`);
  }
  if (rest.length === 1) parts.push(`L${last.x},${last.y}`);
  return parts.join(' ');
}

function Way({ id, data, markerEnd }: EdgeProps<Edge<WayData>>) {
  if (!data) return null;
  return (
    <>
      <BaseEdge id={id} path={curve(data.points)} markerEnd={markerEnd} />
      <EdgeLabelRenderer>
        <span
          className={cx(
            'absolute rounded-sm bg-surface px-1 text-xs leading-4 whitespace-nowrap',
            data.kind === 'possible' ? 'text-accent-ink' : 'text-muted',
          )}
          style={{ transform: `translate(-50%, -50%) translate(${data.at.x}px, ${data.at.y}px)` }}
        >
          {data.label}
        </span>
      </EdgeLabelRenderer>
    </>
  );
}

const nodeTypes = { state: StateNode };
const edgeTypes = { way: Way };

/** The chart drawn: where the case is, where it has been, where it can go. */
export function Graph({
  workflow,
  one,
  visits,
  steps,
  name,
}: {
  workflow: WorkflowDetail;
  one: Case;
  visits: Visit[];
  steps: NextStep[];
  name: (path: string) => string;
}) {
  const t = useT();
  const { theme } = usePreferences();
  const { period } = useFormats();
  const { nodes, edges, bounds } = useMemo(() => {
    const graph = new dagre.graphlib.Graph()
      .setGraph({ rankdir: 'TB', nodesep: 36, edgesep: 24, ranksep: 30 })
      .setDefaultEdgeLabel(() => ({}));
    const states = workflow.states.filter(
      (state) => state.kind !== 'compound' && state.kind !== 'parallel' && state.kind !== 'history',
    );
    const leaf = (path: string) =>
      states.find((state) => state.path === path)?.path ??
      states.find((state) => state.path.startsWith(`${path}.`))?.path;
    for (const state of states) graph.setNode(state.path, { width, height });
    const been = new Set(visits.map((visit) => visit.state));
    const ways = new Set(visits.slice(1).map((visit, n) => `${visits[n]?.state}→${visit.state}`));
    const possible = new Set(steps.filter((step) => step.allowed !== false).map((step) => leaf(step.to)));
    const joined = new Map<string, { from: string; to: string; labels: string[] }>();
    const labelOf = (edge: { labels: string[] }) => edge.labels.join(' / ');
    for (const transition of workflow.transitions) {
      const from = leaf(transition.from);
      const to = leaf(transition.to);
      if (!from || !to) continue;
      const label =
        transition.kind === 'after'
          ? t('workflows.after', { time: period(transition.after ?? '') })
          : transition.event
            ? t.maybe(`decision.${transition.event}`, transition.event)
            : t(`workflows.kind_${transition.kind}`);
      const key = `${from}→${to}`;
      const edge = joined.get(key) ?? { from, to, labels: [] };
      if (!edge.labels.includes(label)) edge.labels.push(label);
      joined.set(key, edge);
    }
    for (const edge of joined.values()) {
      graph.setEdge(edge.from, edge.to, { width: labelOf(edge).length * 6.5 + 12, height: 18, labelpos: 'c' });
    }
    dagre.layout(graph);
    const nodes: Node<StateData>[] = states.map((state) => {
      const at = graph.node(state.path);
      const now = one.configuration.includes(state.path);
      return {
        id: state.path,
        type: 'state',
        position: { x: at.x - width / 2, y: at.y - height / 2 },
        data: {
          title: name(state.path),
          detail:
            now && one.status === 'active'
              ? t('workflows.here')
              : been.has(state.path)
                ? t('workflows.was_here')
                : state.kind === 'final'
                  ? t('workflows.end')
                  : state.tags.join(', '),
          now,
          visited: been.has(state.path),
          possible: possible.has(state.path),
          final: state.kind === 'final',
        },
        ariaLabel: `${name(state.path)}${now ? `, ${t('workflows.here')}` : ''}`,
        draggable: false,
        connectable: false,
      };
    });
    const edges: Edge<WayData>[] = [...joined].map(([key, edge]) => {
      const way = graph.edge(edge.from, edge.to);
      const kind =
        one.configuration.includes(edge.from) && possible.has(edge.to) ? 'possible' : ways.has(key) ? 'gone' : 'other';
      return {
        id: key,
        type: 'way',
        source: edge.from,
        target: edge.to,
        data: { points: way.points, label: labelOf(edge), at: { x: way.x ?? 0, y: way.y ?? 0 }, kind },
        className: `edge-${kind}`,
        markerEnd: { type: MarkerType.ArrowClosed },
        focusable: false,
      };
    });
    const { width: wide = 0, height: high = 0 } = graph.graph();
    return { nodes, edges, bounds: { x: 0, y: 0, width: wide, height: high } };
  }, [workflow, one, visits, steps, name, t, period]);
  return (
    <div
      className="h-[38rem]"
      role="group"
      aria-label={t('workflows.graph_of', { workflow: workflow.title || workflow.id })}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={theme}
        onInit={(flow) => {
          // The layout's own bounds: ways and their names reach further than the states do.
          void flow.fitBounds(bounds, { padding: 0.04 });
        }}
        maxZoom={1.25}
        minZoom={0.2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
