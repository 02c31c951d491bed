import { render } from 'preact';
import './style.css';
import { App } from './ui/App.tsx';
import { begin } from './ui/begin.ts';
import { listenForFiles } from './ui/opening.ts';

listenForFiles();
begin();
// In a task of its own: the worker is on its way by then.
setTimeout(() => render(<App />, document.getElementById('app')!));
