"""The methods that CSTalk is compared with, written from their papers, with the rig's controls as output.

    kind         file            method
    faceformer   faceformer.py   FaceFormer (CVPR 2022): autoregressive transformer decoder
    emotalk      emotalk.py      EmoTalk (ICCV 2023): content and emotion apart, then put together
    emoface      emoface.py      EmoFace (IEEE VR 2024): transformer encoder with emotion labels
    mean         mean_face.py    the mean face of each emotion

All are CurveGenerators: they hear through the same speech encoder as the paper's generator and are told the
emotion by the same embedding, so what differs in a table is what comes after. Each file says what its paper
does and what is different here.
"""
