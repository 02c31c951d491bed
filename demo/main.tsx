import { render } from 'preact';
import './style.css';
import { App } from './ui/App.tsx';
import { begin } from './ui/begin.ts';
import { listenForFiles } from './ui/opening.ts';

render(<App />, document.getElementById('app')!);
listenForFiles();
begin();
