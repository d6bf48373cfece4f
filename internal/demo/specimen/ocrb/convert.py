"""Makes OCRB.ttf of Debian's OCRB.otf: the letters of machine-readable zones alone, with the curves of TrueType, since golang.org/x/image
does not read all operators of the curves that the original has.

    python3 convert.py /usr/share/fonts/opentype/ocr-b/OCRB.otf OCRB.ttf     # needs fonttools 4.60.1
"""

import sys

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
ERROR = 0.5  # units of the em of 1000 by which a curve may be off

font = TTFont(sys.argv[1], recalcTimestamp=False)
options = subset.Options()
options.notdef_outline, options.glyph_names, options.layout_features = True, False, []
subsetter = subset.Subsetter(options)
subsetter.populate(text=LETTERS)
subsetter.subset(font)

glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
outlines = {}
for name in order:
    pen = TTGlyphPen(glyphs)
    glyphs[name].draw(Cu2QuPen(pen, ERROR, reverse_direction=True))
    outlines[name] = pen.glyph()

font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
font["glyf"].glyphOrder, font["glyf"].glyphs = order, outlines
font["hmtx"].metrics = {name: (font["hmtx"][name][0], getattr(outlines[name], "xMin", 0)) for name in order}
maxp = font["maxp"]
maxp.tableVersion = 0x00010000
for member in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements", "maxSizeOfInstructions", "maxComponentElements"):
    setattr(maxp, member, 1 if member == "maxZones" else 0)
post = font["post"]
post.formatType = 3.0
for table in ("CFF ", "VORG", "GPOS", "GSUB", "FFTM"):
    if table in font:
        del font[table]
font.sfntVersion = "\000\001\000\000"
font.save(sys.argv[2])
