/** The parts of JupyterLab and Notebook 7 that the sidebar uses. */

export interface Signal<Sender, Args> {
  connect(slot: (sender: Sender, args: Args) => void): boolean;
}

export interface Widget {
  id: string;
  readonly node: HTMLElement;
  readonly parent: Widget | null;
  readonly isVisible: boolean;
  readonly disposed: Signal<Widget, undefined>;
  readonly title: {
    label: string;
    caption: string;
    closable: boolean;
    icon: { render(host: HTMLElement): void };
  };
  addClass(name: string): void;
  dispose(): void;
}

export type WidgetClass = new () => Widget;

export interface Kernel {
  readonly id: string;
  readonly status: string;
}

export interface SessionContext {
  readonly ready: Promise<void>;
  readonly session: { readonly kernel: Kernel | null } | null;
  readonly kernelChanged: Signal<unknown, unknown>;
  readonly statusChanged: Signal<unknown, unknown>;
}

export interface Cell {
  readonly id: string;
  readonly executionCount?: number | null;
}

export interface NotebookModel {
  readonly cells: Iterable<Cell>;
  readonly defaultKernelLanguage: string;
  readonly sharedModel: { insertCell(index: number, cell: { cell_type: "code"; source: string }): void };
}

export interface NotebookPanel extends Widget {
  readonly context: {
    readonly path: string;
    readonly localPath: string;
    readonly ready: Promise<void>;
    readonly model: NotebookModel;
    readonly pathChanged: Signal<unknown, string>;
  };
  readonly sessionContext: SessionContext;
  readonly content: {
    activeCellIndex: number;
    deselectAll(): void;
  };
}

export interface NotebookTracker {
  readonly currentWidget: NotebookPanel | null;
  readonly widgetAdded: Signal<unknown, NotebookPanel>;
  forEach(visit: (panel: NotebookPanel) => void): void;
}

export interface NotebookActions {
  run(notebook: NotebookPanel["content"], session: SessionContext): Promise<boolean>;
}

export interface Listed {
  readonly name: string;
  readonly path: string;
  readonly type: string;
}

export interface Contents {
  get(path: string, options: { content: boolean }): Promise<{ content: readonly Listed[] }>;
  newUntitled(options: { path: string; type: "notebook" }): Promise<{ path: string }>;
  save(path: string, model: { type: "notebook"; format: "json"; content: unknown }): Promise<unknown>;
}

export interface Application {
  readonly restored: Promise<unknown>;
  readonly shell: {
    readonly currentWidget: Widget | null;
    /** Notebook 7's. */
    readonly leftHandler?: { show(): void };
    add(widget: Widget, area: string, options?: { rank?: number; activate?: boolean }): void;
    activateById(id: string): void;
  };
  readonly commands: {
    addCommand(
      id: string,
      command: { label: string; execute(): unknown },
    ): unknown;
    execute(id: string, args?: Record<string, unknown>): Promise<unknown>;
  };
  readonly serviceManager: { readonly contents: Contents };
}

export interface Palette {
  addItem(item: { command: string; category: string }): unknown;
}

export interface Restorer {
  add(widget: Widget, name: string): void;
}
