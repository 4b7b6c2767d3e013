// A jump to a new view fires zoomend, moveend and viewreset: Leaflet projects every corner at the
// first, draws at the second, and does both once more, to the same end, at the third.
(function () {
  'use strict';
  var reset = L.Canvas.prototype._reset, ended = L.Canvas.prototype._onZoomEnd;
  L.Canvas.include({
    _onZoomEnd: function () {
      ended.call(this);
      this._ended = [this._map.getZoom(), this._map.getPixelOrigin()];
    },
    _reset: function () {
      var at = this._ended;
      this._ended = null;
      if (!at || at[0] !== this._map.getZoom() || !at[1].equals(this._map.getPixelOrigin())) { reset.call(this); }
    }
  });
})();
