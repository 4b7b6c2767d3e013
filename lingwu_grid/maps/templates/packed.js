// Opens what packing.py has packed: steps in millionths of a degree, five bits a letter.
(function () {
  'use strict';
  function opened(text) {
    var places = [], at = 0, steps = [0, 0];
    while (at < text.length) {
      for (var axis = 0; axis < 2; axis += 1) {
        var bits = 0, shift = 0, letter;
        do {
          letter = text.charCodeAt(at) - 63;
          at += 1;
          bits |= (letter & 31) << shift;
          shift += 5;
        } while (letter >= 32);
        steps[axis] += bits & 1 ? ~(bits >> 1) : bits >> 1;
      }
      places.push([steps[1] / 1e6, steps[0] / 1e6]);
    }
    return places;
  }
  function inside(places) {
    if (typeof places === 'string') { return opened(places); }
    return typeof places[0] === 'number' ? places : places.map(inside);
  }
  var add = L.GeoJSON.prototype.addData;
  L.GeoJSON.include({
    addData: function (data) {
      (data.features || []).forEach(function (feature) {
        feature.geometry.coordinates = inside(feature.geometry.coordinates);
      });
      return add.call(this, data);
    }
  });
  window.lingwuOpened = inside;
})();
