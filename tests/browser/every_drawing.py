"""A drawing that uses all that can be drawn over the panels, 380 x 260 pixels large; its text is run in a notebook."""

import math

import numpy as np


def moved(points, x, y):
    return np.add(points, (x, y))


def draw_everything(canvas, image, painted, path):
    """``image``: an ipywidgets Image; ``painted``: a Canvas whose pixels Python knows; ``path``: a Path2D."""
    random = np.random.default_rng(7)
    colours = np.array([[200, 30, 30], [20, 120, 40], [30, 60, 220]], np.uint8)
    alphas = np.array([0.5, 0.75, 1.0])
    three = np.array([4.25, 20.5, 36.75])

    # rectangles
    canvas.fill_rect(2, 2, 30, 12)
    canvas.fill_style = "#e15759"
    canvas.stroke_style = "rgba(20, 90, 160, 0.7)"
    canvas.line_width = 2.5
    canvas.fill_rect(36.5, 2.25, 20)
    canvas.stroke_rect(60, 4, 24, 16)
    canvas.clear_rect(6, 5, 8, 4)
    canvas.fill_rects(three, 30, 10, [4, 8, 12])
    canvas.stroke_rects(three.astype(np.float32), [50, 51, 52], 10)
    canvas.fill_styled_rects(three + 60, 30, 12, 10, colours, alphas)
    canvas.stroke_styled_rects(three + 60, [50, 51, 52], 12, 8, colours, 0.5)

    # circles and arcs
    canvas.fill_circle(130, 12, 8)
    canvas.stroke_circle(150, 12, 8)
    canvas.fill_circles(three + 120, 32, [3, 5, 7])
    canvas.stroke_circles(three + 120, np.array([50, 52, 54], np.int64), 6)
    canvas.fill_styled_circles(three + 180, 12, 7, colours, alphas)
    canvas.stroke_styled_circles(three + 180, 32, 7, colours)
    canvas.fill_arc(190, 56, 9, 0.3, 4)
    canvas.stroke_arc(212, 56, 9, 0.3, 4, True)
    canvas.fill_arcs(three + 240, 12, 8, 0, [1, 2, 3])
    canvas.stroke_arcs(three + 240, 32, 8, [0, 1, 2], 5, True)
    canvas.fill_styled_arcs(three + 240, 52, 8, 0, [1, 2, 3], colours, alphas)
    canvas.stroke_styled_arcs(three + 300, 12, 8, 0, 4, colours, 0.75, True)

    # polygons and lines
    triangle = np.array([[0, 0], [14, 3], [5, 12]], float)
    triangles = np.stack([moved(triangle, at, 0) for at in (300, 320, 340)])
    canvas.fill_polygon([(300, 28), (316, 30), (306, 42)])
    canvas.stroke_polygon(moved(triangle, 320, 28))
    canvas.fill_polygons(moved(triangles, 0, 46))
    canvas.stroke_polygons([moved(triangle, 300, 62), moved([[0, 0], [14, 3], [5, 12], [2, 14]], 320, 62)])
    canvas.fill_styled_polygons(moved(triangles, 0, 80), colours, alphas)
    canvas.stroke_styled_polygons(moved(triangles, 0, 98).reshape(-1, 2), colours, 0.5, np.array([3, 3, 3]))
    canvas.stroke_line(4, 72, 40, 78)
    canvas.stroke_lines([(44, 72), (60, 80), (76, 70)])
    canvas.stroke_line_segments(moved(triangles, -200, 70))
    canvas.stroke_styled_line_segments(moved(triangles, -130, 70), colours, alphas)

    # line styles
    canvas.save()
    canvas.line_width = 5
    canvas.line_cap, canvas.line_join = "round", "bevel"
    canvas.set_line_dash([9, 7, 2])
    canvas.line_dash_offset = 3
    canvas.stroke_lines([(6, 100), (40, 92), (60, 108), (90, 96)])
    canvas.set_line_dash([])
    canvas.line_cap, canvas.line_join = "square", "miter"
    canvas.miter_limit = 1.5
    canvas.stroke_lines([(100, 96), (120, 96), (104, 106)])
    canvas.restore()

    # paths
    canvas.begin_path()
    canvas.move_to(130, 92)
    canvas.line_to(150, 92)
    canvas.arc_to(170, 92, 170, 112, 12)
    canvas.quadratic_curve_to(160, 118, 150, 110)
    canvas.bezier_curve_to(146, 104, 138, 120, 130, 108)
    canvas.close_path()
    canvas.fill()
    canvas.stroke()
    canvas.begin_path()
    canvas.rect(180, 92, 30, 20)
    canvas.rect(186, 97, 10, 10)
    canvas.arc(205, 104, 12, 0, 5)
    canvas.ellipse(195, 102, 20, 5, 0.4, 0, 6, False)
    canvas.fill("evenodd")
    canvas.fill(path)
    canvas.stroke(path)

    # text
    canvas.fill_text("as it is", 4, 126)
    canvas.font = "italic 17px sans-serif"
    canvas.text_align, canvas.text_baseline = "center", "middle"
    canvas.fill_text("héatmap <b>", 90, 126)
    canvas.direction = "rtl"
    canvas.text_align, canvas.text_baseline = "start", "top"
    canvas.stroke_text("outlined", 220, 118, 60)
    canvas.font = "10px sans-serif"

    # images
    pixels = random.integers(0, 255, (12, 16, 4), np.uint8)
    canvas.put_image_data(pixels, 4, 140)
    canvas.put_image_data(pixels[..., :3], 24.5, 140)
    canvas.put_image_data(pixels[..., 0], 44, 140)
    canvas.draw_image(image, 64, 140)
    canvas.draw_image(image, 90, 140, 30, 18)
    canvas.draw_image(painted, 124, 138, 20)
    canvas.save()
    canvas.translate(150, 138)
    canvas.scale(3, 1.5)
    canvas.image_smoothing_enabled = False
    canvas.put_image_data(pixels, 0, 0)
    canvas.restore()

    # alpha, composition, shadows, filters
    canvas.global_alpha = 0.4
    canvas.fill_rect(210, 140, 24, 16)
    canvas.global_composite_operation = "destination-over"
    canvas.fill_style = "#4e79a7"
    canvas.fill_rect(204, 146, 24, 16)
    canvas.global_composite_operation = "xor"
    canvas.fill_rect(226, 150, 24, 16)
    canvas.global_composite_operation = "source-over"
    canvas.global_alpha = 1
    canvas.save()
    canvas.shadow_color = "rgba(0, 0, 0, 0.6)"
    canvas.shadow_offset_x, canvas.shadow_offset_y, canvas.shadow_blur = 4, 3, 5
    canvas.fill_rect(256, 140, 20, 14)
    canvas.restore()
    canvas.save()
    canvas.filter = "blur(1.5px) grayscale(60%)"
    canvas.fill_rect(290, 140, 20, 14)
    canvas.restore()

    # transforms, clipping, states that nobody restores
    canvas.save()
    canvas.translate(20, 190)
    canvas.rotate(math.pi / 7)
    canvas.scale(1.5)
    canvas.fill_rect(0, 0, 12, 6)
    canvas.transform(1, 0.2, 0.3, 1, 4, 2)
    canvas.stroke_rect(8, 0, 12, 6)
    canvas.set_transform(1, 0, 0.4, 1, 60, 180)
    canvas.fill_rect(0, 0, 12, 12)
    canvas.reset_transform()
    canvas.fill_rect(90, 180, 12, 12)
    canvas.restore()
    canvas.save()
    canvas.begin_path()
    canvas.arc(130, 190, 14, 0, 2 * math.pi)
    canvas.clip()
    canvas.fill_rect(110, 180, 40, 8)
    canvas.stroke_rect(120, 186, 30, 30)
    canvas.restore()
    canvas.restore()

    # gradients and patterns
    stops = [(0, "red"), (0.4, "rgba(0, 255, 0, 0.5)"), (1, "#0000ff")]
    canvas.fill_style = canvas.create_linear_gradient(160, 180, 220, 200, stops)
    canvas.fill_rect(160, 180, 60, 20)
    canvas.fill_style = canvas.create_radial_gradient(240, 190, 2, 244, 190, 14, stops)
    canvas.fill_circle(242, 190, 16)
    canvas.stroke_style = canvas.create_linear_gradient(270, 0, 330, 0, stops)
    canvas.stroke_line(270, 190, 330, 194)
    canvas.fill_style = canvas.create_pattern(image, "repeat")
    canvas.fill_rect(4, 212, 60, 30)
    canvas.save()
    canvas.translate(70, 212)
    canvas.fill_style = canvas.create_pattern(image, "repeat-x")
    canvas.fill_rect(0, 0, 60, 30)
    canvas.restore()
    canvas.fill_style = "black"
    canvas.save()
    canvas.save()
    canvas.fill_rect(140, 212, 10, 10)
