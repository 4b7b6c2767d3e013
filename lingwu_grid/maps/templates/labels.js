// Names of communities, grids, compounds and streets: what matters most first, never one over another.
(function () {
  'use strict';
  var map = window.lingwuMap, lookup = window.lingwu.lookup, labels = window.lingwu.labels;
  var pane = map.createPane('labels');
  pane.style.zIndex = 640;  // above all that is drawn, below the cards
  pane.style.pointerEvents = 'none';
  var pen = document.createElement('canvas').getContext('2d');
  var FONTS = { '社区': 'bold 15px ', '网格': '12px ', '小区': '11px ', '道路': '11px ' };
  var NEAR = { '小区': 16, '道路': 15 };  // zoom from which they are told
  var PAD = 3, LINE = 15;
  var view = 'after', group = L.layerGroup().addTo(map);
  var family = getComputedStyle(document.body).fontFamily;

  function changed(code) {
    var card = lookup.cards[code];
    return card && card.changes ? 0 : 1;
  }
  function places() {
    var zones = labels[view === 'before' ? 'before' : 'after'].map(function (z) {
      return { kind: z[0], code: z[1], name: z[2], at: L.latLng(z[3], z[4]), box: z[5] };
    });
    lookup.places.forEach(function (p) {
      if (!(map.getZoom() >= NEAR[p[1]])) { return; }
      var box = p[3];
      zones.push({ kind: p[1], code: '', name: p[0], at: L.latLng((box[1] + box[3]) / 2, (box[0] + box[2]) / 2), box: box });
    });
    var order = ['社区', '网格', '小区', '道路'];
    return zones.map(function (z, i) {
      return { zone: z, rank: [order.indexOf(z.kind), z.kind === '网格' ? changed(z.code) : 0, i] };
    }).sort(function (a, b) {
      return a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2];
    }).map(function (x) { return x.zone; });
  }
  function size(lines, font) {
    pen.font = font + family;
    var wide = Math.max.apply(null, lines.map(function (line) { return pen.measureText(line).width; }));
    return L.point(wide + 2 * PAD, lines.length * LINE + 2 * PAD);
  }
  function lines(zone) {
    var card = view === 'before' ? lookup.today[zone.code] : lookup.cards[zone.code];
    return zone.kind === '网格' && card ? [zone.name, card.households + ' 户'] : [zone.name];
  }
  function room(box) {
    return map.latLngToLayerPoint([box[1], box[2]]).x - map.latLngToLayerPoint([box[1], box[0]]).x;
  }
  function inside(box, point) {
    return L.latLngBounds([box[1], box[0]], [box[3], box[2]]).contains(map.layerPointToLatLng(point));
  }
  function free(taken, box) {
    return !taken.some(function (other) { return other.intersects(box); });
  }
  function draw() {
    group.clearLayers();
    var seen = map.getBounds(), taken = [];
    places().forEach(function (zone) {
      if (!seen.contains(zone.at)) { return; }
      var font = FONTS[zone.kind], said = lines(zone), box = size(said, font);
      if (zone.kind === '网格' && box.x > 1.15 * room(zone.box)) {
        said = [zone.name.replace(/^.*?(第?\d+网格)$/, '$1')];  // the community's name stands beside it
        box = size(said, font);
        if (box.x > 1.3 * room(zone.box)) { return; }
      }
      var middle = map.latLngToLayerPoint(zone.at);
      var shifts = zone.kind === '社区' ? [0, -1, 1, -2, 2] : [0, -1, 1];
      shifts.some(function (k) {
        var centre = middle.add([0, k * box.y]);
        var bounds = L.bounds(centre.subtract(box.divideBy(2)), centre.add(box.divideBy(2)));
        if (!free(taken, bounds) || (k && !inside(zone.box, centre))) { return false; }
        taken.push(bounds);
        var text = document.createElement('span');
        said.forEach(function (line, i) {
          if (i) { text.appendChild(document.createElement('br')); }
          text.appendChild(document.createTextNode(line));
        });
        text.style.font = font + family;
        text.style.lineHeight = LINE + 'px';
        text.setAttribute('data-kind', zone.kind);
        L.marker(map.layerPointToLatLng(centre), {
          interactive: false, keyboard: false, pane: 'labels',
          icon: L.divIcon({ className: 'name', html: text, iconSize: null }),
        }).addTo(group);
        return true;
      });
    });
  }
  document.addEventListener('lingwu:view', function (event) { view = event.detail; draw(); });
  map.on('moveend', draw);
  draw();
})();
