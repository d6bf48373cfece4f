import dagre from '@dagrejs/dagre';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useMemo } from 'react';
import type { Case, WorkflowDetail } from '@/api';
import { useT } from '@/i18n';
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
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className={cx('truncate text-sm', data.now && 'font-semibold text-accent-ink')}>{data.title}</span>
      <span className="truncate text-xs text-muted">{data.detail}</span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

const nodeTypes = { state: StateNode };

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
  const { nodes, edges } = useMemo(() => {
    const graph = new dagre.graphlib.Graph()
      .setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 96 })
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
    for (const transition of workflow.transitions) {
      const from = leaf(transition.from);
      const to = leaf(transition.to);
      if (!from || !to) continue;
      const label =
        transition.kind === 'after'
          ? t('workflows.after', { time: transition.after ?? '' })
          : transition.event
            ? t.maybe(`decision.${transition.event}`, transition.event)
            : t(`workflows.kind_${transition.kind}`);
      const key = `${from}→${to}`;
      const edge = joined.get(key) ?? { from, to, labels: [] };
      if (!edge.labels.includes(label)) edge.labels.push(label);
      joined.set(key, edge);
    }
    for (const edge of joined.values()) graph.setEdge(edge.from, edge.to);
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
    const edges: Edge[] = [...joined].map(([key, edge]) => ({
      id: key,
      source: edge.from,
      target: edge.to,
      label: edge.labels.join(' / '),
      className: ways.has(key)
        ? 'edge-gone'
        : one.configuration.includes(edge.from) && possible.has(edge.to)
          ? 'edge-possible'
          : 'edge-other',
      markerEnd: { type: MarkerType.ArrowClosed },
      focusable: false,
    }));
    return { nodes, edges };
  }, [workflow, one, visits, steps, name, t]);
  return (
    <div
      className="h-[26rem]"
      role="group"
      aria-label={t('workflows.graph_of', { workflow: workflow.title || workflow.id })}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={theme}
        fitView
        fitViewOptions={{ padding: 0.08 }}
        minZoom={0.2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={20} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
