// A canvas takes the pointer from all that lies below it: marks, above the grids, are drawn as SVG,
// which takes it only where there is something. Leaflet asks here before it makes a renderer.
{{ this.values['map'] }}._paneRenderers.marks = L.svg({ pane: 'marks', padding: 0.3 });
{{ this.values['map'] }}.getPane('now').style.display = 'none';
