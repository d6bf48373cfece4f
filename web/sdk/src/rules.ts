import { check } from './checks.ts';
import { type Data, evaluate, type Rule, type Truth } from './portable.ts';
import type {
  Answers,
  ElementState,
  ElementView,
  Fault,
  FieldFault,
  FlowState,
  PageState,
  PageView,
  Rules,
} from './types.ts';
import { at, dataOf, type Item, isEmpty } from './values.ts';

/** Works out pages before the server does. What a client cannot say stays as the server has said it. */
class Viewing {
  readonly data: Item;
  readonly answers: Answers;
  readonly now: Date;
  readonly faults: FieldFault[] = [];

  constructor(state: FlowState, answers: Answers, now: Date) {
    this.data = dataOf(state, answers);
    this.answers = answers;
    this.now = now;
  }

  truth(rule: unknown, item?: { item: unknown; index: number }): Truth {
    return evaluate(rule as Rule, { ...this.data, ...item } as Data, this.now);
  }

  /** Whether a rule holds; `open` when nobody knows, and what the server has said when only it can. */
  holds(rule: unknown, open: boolean, before: boolean, item?: { item: unknown; index: number }): boolean {
    if (rule === undefined) return before;
    const truth = this.truth(rule, item);
    return truth === 'server' ? before : truth === 'unknown' ? open : truth === 'true';
  }

  page(page: PageState): PageView {
    const visible = this.holds(page.rule, false, page.visible);
    return { ...page, visible, elements: page.elements.map((one) => this.element(one, one)) };
  }

  /** `written` has the rules and options: for what is in a group, its template. */
  element(
    element: ElementState,
    written: ElementState,
    item?: { item: unknown; index: number; field: string },
  ): ElementView {
    const { faults: reported, items: _, ...rest } = { ...written, ...element };
    const rules = written.rules ?? {};
    const visible = this.holds(rules['visible'], false, element.visible, item);
    const required = this.holds(rules['required'], true, element.required, item);
    const disabled = this.holds(rules['disabled'], false, element.disabled, item);
    const view = { ...rest, visible, required, disabled, faults: [] as readonly Fault[] };
    if (!element.field) return view;
    const value = item ? at(item.item, item.field) : at(this.data, element.field);
    const changed = item
      ? JSON.stringify(value) !== JSON.stringify(element.value)
      : Object.hasOwn(this.answers, element.field);
    const found = visible && !disabled ? this.found(view, value, item) : [];
    // What the server has found counts until the answer is another one.
    const kept =
      changed || !visible ? [] : (reported ?? []).filter((one) => !found.some((other) => other.code === one.code));
    const worded = found.map((one) => ({
      ...one,
      message: one.message || reported?.find((r) => r.code === one.code)?.message || '',
    }));
    view.faults = [...worded, ...kept];
    for (const one of worded) this.faults.push({ ...one, field: element.field + one.part });
    for (const one of kept) this.faults.push({ ...one, field: element.field });
    return element.type === 'group' ? this.group(element, { ...view, value }) : { ...view, value };
  }

  /** What a client can see: the kind of the answer, and the validators that are portable. */
  private found(
    element: ElementView,
    value: unknown,
    item?: { item: unknown; index: number },
  ): (Fault & { part: string })[] {
    const found = check(element, value, this.now).map((one) => ({ ...one, message: '' }));
    if (found.length > 0 || isEmpty(value)) return found;
    for (const one of element.validate ?? []) {
      const truth = evaluate(one.rule as Rule, { ...this.data, ...item, value } as Data, this.now);
      if (truth === 'false') found.push({ code: 'rule', message: one.message, part: '' });
    }
    return found;
  }

  private group(element: ElementState, view: ElementView): ElementView {
    const items = Array.isArray(view.value) ? (view.value as Item[]) : [];
    return { ...view, items: items.map((item, index) => this.item(element, item, index)) };
  }

  private item(group: ElementState, item: Item, index: number): ElementView[] {
    const known = group.items?.[index] ?? undefined;
    const views: ElementView[] = [];
    for (const template of group.elements ?? []) {
      const field = template.field === undefined ? undefined : `${group.field}[${index}].${template.field}`;
      const had = known?.find((one) => (field === undefined ? one.type === template.type : one.field === field));
      if (known && !had && !template.rules?.['visible']) continue; // hidden by a rule that is the server's
      const placed = { ...template, ...had, ...(field === undefined ? {} : { field }) };
      views.push(this.element(placed, template, { item, index, field: template.field ?? '' }));
    }
    return views;
  }
}

/** What a client can say of pages before the server does: the portable rules, and what each kind of element wants. */
export const rules: Rules = {
  pages: (state, answers, now) => {
    const viewing = new Viewing(state, answers, now);
    return state.flow.pages.map((page) => viewing.page(page));
  },
  validate: (state, page, answers, now) => {
    const viewing = new Viewing(state, answers, now);
    const view = viewing.page(page);
    return { page: view, valid: viewing.faults.length === 0, faults: viewing.faults };
  },
};
